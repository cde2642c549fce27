/**
 * Signatures of G2P Connect messages (mapper API 1.0.0, `MsgSignature`): Ed25519 over the creation, the expiry and a digest of
 * `{header, message}`. The specification leaves open how the digest is made; here it is SHA-256 over canonical JSON (RFC 8785).
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { verify } from "#sync/signing/ed25519.ts";
import type { CallbackKey } from "../callbacks/signature.ts";
import { canonicalJson } from "./canonical-json.ts";

export interface SignedPart {
  readonly header: unknown;
  readonly message: unknown;
}

export type SignMessage = (part: SignedPart) => Promise<string>;

/** How far the clocks of sender and receiver may be apart, and how long a signature of ours is good. */
const clockSlackSeconds = 300;
const validSeconds = 3_600;

/** `currentKey` is asked for each message. */
export function createMessageSigner(
  currentKey: () => CallbackKey,
  senderId: string,
  now: () => number,
): SignMessage {
  return async (part) => {
    const key = currentKey();
    const created = Math.floor(now() / 1_000);
    const expires = created + validSeconds;
    const signature = base64(await key.sign(signingString(part, created, expires)));
    return (
      `Signature: namespace="g2p", kidId="${senderId}|${key.keyId}|ed25519", algorithm="ed25519", ` +
      `created="${created}", expires="${expires}", headers="(created) (expires) digest", signature="${signature}"`
    );
  };
}

/** `senderId` must be the one that the signature names. */
export async function verifyMessage(
  publicKey: Uint8Array,
  senderId: string,
  signature: string,
  part: SignedPart,
  nowMs: number,
): Promise<boolean> {
  const fields = fieldsOf(signature);
  const [sender, , algorithm] = (fields.get("kidId") ?? "").split("|");
  const created = secondsOf(fields.get("created"));
  const expires = secondsOf(fields.get("expires"));
  const isForUs =
    fields.get("namespace") === "g2p" &&
    fields.get("algorithm") === "ed25519" &&
    algorithm === "ed25519" &&
    sender === senderId &&
    fields.get("headers") === "(created) (expires) digest";
  if (!isForUs || created === undefined || expires === undefined) return false;
  const nowSeconds = nowMs / 1_000;
  if (created > nowSeconds + clockSlackSeconds || expires < nowSeconds - clockSlackSeconds) return false;
  const bytes = new Uint8Array(Buffer.from(fields.get("signature") ?? "", "base64"));
  return verify(publicKey, signingString(part, created, expires), bytes);
}

/** As the draft of HTTP signatures that the format comes from builds it: a line for each covered field. */
function signingString({ header, message }: SignedPart, created: number, expires: number): Uint8Array {
  const digest = base64(sha256(utf8ToBytes(canonicalJson({ header, message }))));
  return utf8ToBytes(`(created): ${created}\n(expires): ${expires}\ndigest: SHA-256=${digest}`);
}

function fieldsOf(signature: string): ReadonlyMap<string, string> {
  const text = signature.replace(/^Signature:\s*/, "");
  return new Map(Array.from(text.matchAll(/(\w+)="([^"]*)"/g), ([, name = "", value = ""]) => [name, value]));
}

function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,11}$/.test(text) ? Number(text) : undefined;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
