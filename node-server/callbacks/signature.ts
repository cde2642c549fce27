/**
 * HTTP message signatures of callbacks (RFC 9421, Ed25519) with a digest of the body (RFC 9530): the receiver knows that
 * method, URL and body come from this server and were not changed on the way.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { ed25519Key, quickestSigning } from "#sync/signing/ed25519.ts";
import type { SigningKey } from "../ports/key-store.ts";

export interface CallbackKey {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface MessageToSign {
  readonly method: string;
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
}

/** Gives the headers of a request: content type, digest and signature. */
export type SignRequest = (message: MessageToSign) => Promise<Record<string, string>>;

/** The key's id is the thumbprint of its JWK (RFC 7638). */
export async function createCallbackKey(seed: Uint8Array): Promise<CallbackKey> {
  const key = ed25519Key(seed);
  return callbackKeyOf({ publicKey: key.publicKey, sign: await quickestSigning(key) });
}

/** The same from whatever signs with the key, wherever that is. */
export function callbackKeyOf({ publicKey, sign }: SigningKey): CallbackKey {
  return { keyId: thumbprintOf(publicKey), publicKey, sign };
}

/** Of its JWK (RFC 7638). */
export function thumbprintOf(publicKey: Uint8Array): string {
  const x = base64url(publicKey);
  return base64url(sha256(utf8ToBytes(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`)));
}

/** The public half as it stands in `/.well-known/jwks.json` (RFC 8037). */
export function callbackJwk({ keyId, publicKey }: CallbackKey): Record<string, string> {
  return { kty: "OKP", crv: "Ed25519", x: base64url(publicKey), kid: keyId, use: "sig", alg: "EdDSA" };
}

/** `currentKey` is asked for each request. */
export function createRequestSigner(currentKey: () => CallbackKey, now: () => number): SignRequest {
  return async ({ method, url, contentType, body }) => {
    const key = currentKey();
    const digest = `sha-256=:${base64(sha256(utf8ToBytes(body)))}:`;
    const created = Math.floor(now() / 1000);
    const covered = `("@method" "@target-uri" "content-type" "content-digest")`;
    const parameters = `${covered};created=${created};keyid="${key.keyId}";alg="ed25519";tag="paypost-callback"`;
    // RFC 9421, 2.5: one line for each component, the parameters last, without a final line feed.
    const base = [
      `"@method": ${method}`,
      `"@target-uri": ${new URL(url).href}`,
      `"content-type": ${contentType}`,
      `"content-digest": ${digest}`,
      `"@signature-params": ${parameters}`,
    ].join("\n");
    return {
      "content-type": contentType,
      "content-digest": digest,
      "signature-input": `paypost=${parameters}`,
      signature: `paypost=:${base64(await key.sign(utf8ToBytes(base)))}:`,
    };
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
