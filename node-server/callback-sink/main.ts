/** A receiver of callbacks for whoever integrates: it verifies each, prints it, and can refuse some to see them come again. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { verifyCallback } from "./verify.ts";
import type { KeySet } from "./verify.ts";

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "http://127.0.0.1:3000" },
    port: { type: "string", default: "4000" },
    url: { type: "string" },
    refuse: { type: "string", default: "0" },
  },
});
let refusals = Number(values.refuse);
let keySet: KeySet = { keys: [] };

const server = createServer((request, response) => {
  void (async () => {
    const body = await buffer(request);
    const { method = "", url: path = "", headers } = request;
    const url = new URL(path, publicUrl()).href;
    const callback = { method, url, headers: headers as Record<string, string>, body };
    let verified = verifyCallback(callback, keySet, Date.now());
    if (!verified.ok) {
      // Its key may be newer than the set that we have.
      keySet = await fetchKeySet().catch(() => keySet);
      verified = verifyCallback(callback, keySet, Date.now());
    }
    const isRefused = verified.ok && refusals > 0;
    if (isRefused) refusals -= 1;
    const status = !verified.ok ? 401 : isRefused ? 503 : 202;
    const what = verified.ok ? "verified" : `NOT VERIFIED: ${verified.reason}`;
    console.log(`${new Date().toISOString()} ${method} ${path} ${what}, answered ${status}`);
    console.log(`  X-CorrelationID: ${callback.headers["x-correlationid"] ?? "none"}`);
    console.log(body.length === 0 ? "  no body" : pretty(body.toString("utf8")));
    response.writeHead(status).end();
  })();
});
server.listen(Number(values.port), "127.0.0.1", () => {
  console.log(
    `Callbacks are taken at ${publicUrl()}; a server on this machine calls it with PAYPOST_ALLOW_PRIVATE_CALLBACKS=true`,
  );
});

/** The URL as the server calls it. */
function publicUrl(): string {
  return values.url ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function fetchKeySet(): Promise<KeySet> {
  const response = await fetch(new URL("/.well-known/jwks.json", values.server));
  return (await response.json()) as KeySet;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2).replaceAll(/^/gm, "  ");
  } catch {
    return `  ${text}`;
  }
}
