/**
 * Where the page comes from in Electron: an address of its own, `app://paypost/`, answered from the folder of the built
 * page. Pages from `file://` could read the disk; this one can read its own files.
 *
 * E1  Only files under the page's folder are served, by plain names, each with the page's policy.
 */
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { CustomScheme } from "electron";
import { pageHeaders } from "../page-policy.ts";

const scheme = "app";
const host = "paypost";
export const pageUrl = `${scheme}://${host}/`;

/** Registered before Electron is ready. Standard and secure, so that 'self', the camera and WebAssembly work; nothing more. */
export const pageScheme: CustomScheme = {
  scheme,
  privileges: { standard: true, secure: true, supportFetchAPI: true },
};

/** Schemes of our own have the origin "null" in Node's URL, so their parts are compared. */
export function isPageUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === `${scheme}:` && url.host === host && url.username === "" && url.password === "";
}

/** No dot at the start of a name, no escapes, no backslash: the build makes only such names. */
const plainPath = /^(?:\/[\w-][\w.-]*)+$/;

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

export function createPageHandler(folder: string): (request: Request) => Promise<Response> {
  return async ({ method, url }) => {
    if (method !== "GET") return answer(405, "The page is only read.");
    if (!isPageUrl(url)) return answer(404, "This address is not served here.");
    const { pathname } = new URL(url);
    const path = pathname === "/" || pathname === "" ? "/index.html" : pathname;
    const type = contentTypes[extname(path)];
    if (!plainPath.test(path) || type === undefined) return answer(404, "There is no such file.");
    try {
      return answer(200, await readFile(join(folder, path)), type);
    } catch {
      return answer(404, "There is no such file.");
    }
  };
}

function answer(
  status: number,
  body: string | Uint8Array<ArrayBuffer>,
  type = "text/plain; charset=utf-8",
): Response {
  return new Response(body, { status, headers: { ...pageHeaders, "Content-Type": type } });
}
