import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createPageHandler, isPageUrl, pageScheme, pageUrl } from "./page-scheme.ts";

const root = mkdtempSync(join(tmpdir(), "paypost-page-"));
const page = join(root, "page");
mkdirSync(join(page, "assets"), { recursive: true });
writeFileSync(join(page, "index.html"), "<!doctype html>");
writeFileSync(join(page, "assets", "index-A1_b.js"), "1;");
writeFileSync(join(page, "assets", "reader.wasm"), "wasm");
writeFileSync(join(page, "licenses.md"), "no page");
writeFileSync(join(page, ".hidden.js"), "2;");
writeFileSync(join(root, "secret.json"), "{}");
afterAll(() => rmSync(root, { recursive: true }));

const handle = createPageHandler(page);
const get = (url: string) => handle(new Request(url));

describe("E1: the page's own address", () => {
  test("its first address is the built index.html", async () => {
    for (const address of [pageUrl, `${pageUrl}#open=paypost%3A`, `${pageUrl}?a=b`]) {
      const response = await get(address);
      expect([response.status, await response.text()]).toEqual([200, "<!doctype html>"]);
    }
  });

  test("scripts and WebAssembly come with types that a strict browser runs", async () => {
    const types = await Promise.all(
      ["assets/index-A1_b.js", "assets/reader.wasm"].map(async (name) =>
        (await get(pageUrl + name)).headers.get("content-type"),
      ),
    );
    expect(types).toEqual(["text/javascript; charset=utf-8", "application/wasm"]);
  });

  test("every answer, a refusal too, bears the page's policy", async () => {
    for (const address of [pageUrl, `${pageUrl}missing.js`]) {
      const { headers } = await get(address);
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy.split("; ")).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)|https?:|\*/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("permissions-policy")).toContain("microphone=()");
    }
  });

  test.each([
    "../secret.json",
    "assets/../../secret.json",
    "%2e%2e/secret.json",
    "assets/..%2f..%2fsecret.json",
    "..%5csecret.json",
    "assets\\..\\..\\secret.json",
    "//secret.json",
    "assets/%00.js",
    ".hidden.js",
    "licenses.md",
    "assets",
    "assets/",
    "missing.js",
  ])("%s is not served", async (path) => {
    expect((await get(pageUrl + path)).status).toBe(404);
  });

  test("an absolute path outside the folder is not served", async () => {
    expect((await get(`${pageUrl}${join(root, "secret.json")}`)).status).toBe(404);
  });

  test("another host of the same scheme is not served", async () => {
    expect((await get("app://other/index.html")).status).toBe(404);
  });

  test("it is only read", async () => {
    expect((await handle(new Request(pageUrl, { method: "POST", body: "x" }))).status).toBe(405);
  });

  test.each([
    ["app://paypost/", true],
    ["app://paypost/assets/a.js", true],
    ["app://paypost.example/", false],
    ["app://user@paypost/", false],
    ["app://paypost:80/", false],
    ["apps://paypost/", false],
    ["file:///app://paypost/", false],
    ["https://paypost/", false],
    ["about:blank", false],
    ["", false],
  ])("%s is the page: %s", (url, isPage) => {
    expect(isPageUrl(url)).toBe(isPage);
  });

  test("its scheme is secure and standard, and no way around the policy", () => {
    expect(pageScheme).toEqual({
      scheme: "app",
      privileges: { standard: true, secure: true, supportFetchAPI: true },
    });
  });
});
