/** Verified with a library that has nothing to do with what signs. */
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { httpbis } from "http-message-signatures";
import { expect, test } from "vitest";
import { callbackJwk, createCallbackKey, createRequestSigner } from "./signature.ts";

const key = await createCallbackKey(new Uint8Array(32).fill(5));
const nowMs = Date.parse("2026-11-24T10:00:00Z");
const sign = createRequestSigner(
  () => key,
  () => nowMs,
);
const message = {
  method: "POST",
  url: "https://welfare.example/callbacks?of=us",
  contentType: "application/json",
  body: `{"requestID":"r-1"}`,
};

test("a receiver verifies method, URL, content type and body's digest with the published key", async () => {
  const headers = await sign(message);
  expect(await verifies({ ...message, headers })).toBe(true);
  expect(headers["content-digest"]).toBe("sha-256=:NFIgVeNOYpjjtXxGuMTkcSFxOZU2jGRcOBSaQ3kXUvE=:");
});

test.each([
  ["method", { method: "PUT" }],
  ["URL", { url: "https://welfare.example/callbacks?of=them" }],
  ["host", { url: "https://elsewhere.example/callbacks?of=us" }],
])("another %s does not verify", async (_name, change) => {
  const headers = await sign(message);
  expect(await verifies({ ...message, headers, ...change })).toBe(false);
});

test("another body has another digest, and another digest does not verify", async () => {
  const headers = await sign(message);
  const other = await sign({ ...message, body: "{}" });
  expect(other["content-digest"]).not.toBe(headers["content-digest"]);
  const changed = { ...headers, "content-digest": other["content-digest"] ?? "" };
  expect(await verifies({ ...message, headers: changed })).toBe(false);
});

test("a signature that is older than the receiver allows does not verify", async () => {
  const headers = await createRequestSigner(() => key, Date.now)(message);
  expect(await verifies({ ...message, headers }, 60)).toBe(true);
  const old = await createRequestSigner(
    () => key,
    () => Date.now() - 3_600_000,
  )(message);
  expect(await verifies({ ...message, headers: old }, 60)).toBe(false);
});

test("the example in docs/security.md is what is sent, and verifies", async () => {
  const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
  const block = (language: string) =>
    new RegExp(`\n\`\`\`${language}\n(.*?)\n\`\`\``, "s").exec(page)?.[1] ?? "";
  expect(JSON.parse(block("json"))).toEqual(callbackJwk(key));
  const [head = "", body] = block("http").split("\n\n");
  const [requestLine, ...lines] = head.split("\n");
  const { host, ...headers } = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
  expect(requestLine).toBe("POST /callbacks?of=us HTTP/1.1");
  expect({ host, body }).toEqual({ host: "welfare.example", body: message.body });
  expect(headers).toEqual(await sign(message));
  expect(await verifies({ ...message, headers })).toBe(true);
  const signature = Buffer.from(headers.signature.split(":")[1] ?? "", "base64");
  const publicKey = createPublicKey({ key: callbackJwk(key), format: "jwk" });
  expect(verify(null, Buffer.from(block("text")), publicKey, signature)).toBe(true);
});

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

async function verifies({ method, url, headers }: Received, maxAge?: number): Promise<boolean> {
  const publicKey = createPublicKey({ key: callbackJwk(key), format: "jwk" });
  const verdict = await httpbis
    .verifyMessage(
      {
        keyLookup: ({ keyid }) =>
          Promise.resolve(
            keyid === key.keyId
              ? {
                  id: key.keyId,
                  algs: ["ed25519"],
                  verify: (data, signature) => Promise.resolve(verify(null, data, publicKey, signature)),
                }
              : null,
          ),
        requiredFields: ["@method", "@target-uri", "content-digest"],
        ...(maxAge === undefined ? { notAfter: new Date(nowMs) } : { maxAge }),
      },
      { method, url, headers },
    )
    .catch(() => false);
  return verdict === true;
}
