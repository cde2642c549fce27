/** Both samples for integrators, held to what the server really signs, and to each thing that may be wrong with it. */
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { callbackJwk, createCallbackKey, createRequestSigner } from "../callbacks/signature.ts";
import { verifyCallback } from "./verify.ts";
import type { KeySet, ReceivedCallback } from "./verify.ts";

const python = fileURLToPath(new URL("../../docs/samples/verify_callback.py", import.meta.url));
const hasPython = spawnSync("python3", ["-c", "import cryptography"]).status === 0;

const nowMs = Date.UTC(2026, 10, 28, 12);
const body = '{"requestID":"r-1","note":"é"}';
let keySet: KeySet;
let callback: ReceivedCallback;

beforeAll(async () => {
  const key = await createCallbackKey(new Uint8Array(32).fill(7));
  keySet = { keys: [callbackJwk(key) as unknown as KeySet["keys"][number]] };
  const url = "https://welfare.example/callbacks?of=us";
  const sign = createRequestSigner(
    () => key,
    () => nowMs,
  );
  const headers = await sign({ method: "POST", url, contentType: "application/json", body });
  callback = { method: "POST", url, headers, body: Buffer.from(body) };
});

const changes: readonly [string, (of: ReceivedCallback) => ReceivedCallback, string][] = [
  ["another method", (of) => ({ ...of, method: "PUT" }), "the signature is wrong"],
  [
    "another receiver",
    (of) => ({ ...of, url: "https://other.example/callbacks?of=us" }),
    "the signature is wrong",
  ],
  ["another body", (of) => ({ ...of, body: Buffer.from("{}") }), "the body was changed"],
  ["another content type", (of) => changed(of, "content-type", "text/plain"), "the signature is wrong"],
  ["no signature", (of) => changed(of, "signature", undefined), "there is no signature named paypost"],
  [
    "fewer components",
    (of) => changed(of, "signature-input", of.headers["signature-input"]?.replace(' "content-digest"', "")),
    "the signature does not cover what it must",
  ],
  [
    "another tag",
    (of) =>
      changed(of, "signature-input", of.headers["signature-input"]?.replace("paypost-callback", "other")),
    "the signature is for something else",
  ],
  [
    "another key",
    (of) => changed(of, "signature-input", of.headers["signature-input"]?.replace(/keyid="."?/, 'keyid="x')),
    "the key is not in the server's key set",
  ],
];

function changed(of: ReceivedCallback, name: string, value: string | undefined): ReceivedCallback {
  return { ...of, headers: { ...of.headers, [name]: value } };
}

describe("the sample for Node.js", () => {
  test("verifies what the server signs", () => {
    expect(verifyCallback(callback, keySet, nowMs + 1000)).toMatchObject({ ok: true });
  });

  test.each(changes)("refuses %s", (_, change, reason) => {
    expect(verifyCallback(change(callback), keySet, nowMs)).toEqual({ ok: false, reason });
  });

  test("refuses what is older than five minutes", () => {
    expect(verifyCallback(callback, keySet, nowMs + 301_000)).toMatchObject({ ok: false });
  });
});

describe.skipIf(!hasPython)("the sample for Python", () => {
  test("verifies what the server signs, and refuses what the other sample refuses", () => {
    expect(verifyInPython(callback, nowMs)).toBe("verified");
    for (const [what, change, reason] of changes)
      expect(verifyInPython(change(callback), nowMs), what).toBe(reason);
    expect(verifyInPython(callback, nowMs + 301_000)).toMatch(/too old/);
  });
});

function verifyInPython(of: ReceivedCallback, atMs: number): string {
  const headers = Object.fromEntries(Object.entries(of.headers).filter(([, value]) => value !== undefined));
  const given = { ...of, headers, body: Buffer.from(of.body).toString("utf8"), keySet, now: atMs / 1000 };
  try {
    return execFileSync("python3", [python], { input: JSON.stringify(given), encoding: "utf8" }).trim();
  } catch (error) {
    return (error as { stdout: string }).stdout.trim();
  }
}
