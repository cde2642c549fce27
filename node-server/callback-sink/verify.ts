/**
 * Whether a callback comes from the server and is what it sent (RFC 9421 and RFC 9530, as docs/security.md tells). A sample for
 * integrators too: it needs nothing but Node.js, and may be copied.
 */
import { createHash, createPublicKey, timingSafeEqual, verify } from "node:crypto";

export interface ReceivedCallback {
  readonly method: string;
  /** The URL as the server called it: behind a proxy the public one. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it came, before it is parsed. */
  readonly body: Uint8Array;
}

export interface KeySet {
  readonly keys: readonly {
    readonly kid: string;
    readonly kty: string;
    readonly crv: string;
    readonly x: string;
  }[];
}

export type Verified =
  | { readonly ok: true; readonly keyId: string; readonly createdAt: Date }
  | { readonly ok: false; readonly reason: string };

const covered = ["@method", "@target-uri", "content-type", "content-digest"];
const oldestSeconds = 300;

export function verifyCallback(callback: ReceivedCallback, keySet: KeySet, nowMs: number): Verified {
  const { method, url, headers, body } = callback;
  const [, parameters, names = ""] =
    /^paypost=(\(([^)]*)\);.*)$/.exec(headers["signature-input"] ?? "") ?? [];
  const [, signature] = /^paypost=:([A-Za-z0-9+/=]+):$/.exec(headers["signature"] ?? "") ?? [];
  if (parameters === undefined || signature === undefined)
    return refused("there is no signature named paypost");
  const components = [...names.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "");
  if (components.join() !== covered.join()) return refused("the signature does not cover what it must");
  if (!parameters.includes(';tag="paypost-callback"') || !parameters.includes(';alg="ed25519"'))
    return refused("the signature is for something else");
  const created = Number(/;created=([0-9]+)/.exec(parameters)?.[1]);
  if (!(Math.abs(nowMs / 1000 - created) <= oldestSeconds))
    return refused("the signature is too old, or a clock is wrong");
  const keyId = /;keyid="([^"]+)"/.exec(parameters)?.[1];
  const key = keySet.keys.find(({ kid }) => kid === keyId);
  if (keyId === undefined || !key) return refused("the key is not in the server's key set");
  const values = [method, new URL(url).href, headers["content-type"], headers["content-digest"]];
  const lines = components.map((name, index) => `"${name}": ${values[index] ?? ""}`);
  const base = [...lines, `"@signature-params": ${parameters}`].join("\n");
  const publicKey = createPublicKey({ key: { kty: key.kty, crv: key.crv, x: key.x }, format: "jwk" });
  // Ed25519 has no digest of its own to choose.
  if (!verify(null, Buffer.from(base), publicKey, Buffer.from(signature, "base64")))
    return refused("the signature is wrong");
  const digest = Buffer.from(`sha-256=:${createHash("sha256").update(body).digest("base64")}:`);
  const said = Buffer.from(headers["content-digest"] ?? "");
  if (said.length !== digest.length || !timingSafeEqual(said, digest)) return refused("the body was changed");
  return { ok: true, keyId, createdAt: new Date(created * 1000) };
}

function refused(reason: string): Verified {
  return { ok: false, reason };
}
