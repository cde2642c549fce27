/**
 * Replacing a node's key (design: "Keys"): from one operation on the new key signs, and the old one never more. Old and new key sign
 * that, so that the server needs nobody's word but the node's, and the old key is worth nothing from then on.
 *
 * N1  The node keeps the new key before it sends anything: whenever it is stopped, it goes on under the key that is right.
 * N2  The server hears of the change before it gets an operation by the new key. Hearing of it twice changes nothing.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import { toBase64 } from "./base64.ts";
import { decodeEnrolmentCertificate } from "./documents/enrolment-certificate.ts";
import type { KeySet } from "./documents/key-set.ts";
import { openTrusted } from "./open-trusted.ts";
import type { ServerLink } from "./ports/transport.ts";
import { bytesIn, jsonObject, post } from "./server-call.ts";
import type { CallFailure } from "./server-call.ts";
import { equalBytes } from "./signing/bytes.ts";
import { contextOf } from "./signing/realm.ts";

export interface NodeKeyChange {
  readonly nodeId: string;
  /** Ed25519. */
  readonly publicKey: Uint8Array;
  /** The first operation that the new key signs. */
  readonly keyFrom: number;
  /** Hash of the operation before, or of the enrolment certificate. */
  readonly afterHash: Uint8Array;
}

export interface SignedKeyChange extends NodeKeyChange {
  /** Ed25519 signatures over `keyChangeMessage`, by the key that is replaced and by the new one. */
  readonly byOld: Uint8Array;
  readonly byNew: Uint8Array;
}

/** Where the node keeps its changes. */
export interface KeyChangeStorage {
  /** In their order. */
  keyChanges(): readonly (SignedKeyChange & { readonly isConfirmed: boolean })[];
  confirm(change: SignedKeyChange, certificate: Uint8Array): void;
}

export interface KeyChangeParts {
  readonly storage: KeyChangeStorage;
  /** By whose keys the server's word for a change is checked. */
  readonly keySet: () => KeySet;
}

/** What is signed: no other thing that a node signs begins like this. */
export function keyChangeMessage({ nodeId, publicKey, keyFrom, afterHash }: NodeKeyChange): Uint8Array {
  return contextOf(`node-key/${nodeId}/${keyFrom}/${bytesToHex(afterHash)}/${bytesToHex(publicKey)}`);
}

/**
 * Tells the server of changes that it has not confirmed; `again` of all, for a server that was restored and has forgotten them.
 * Gives the failure of the last one.
 */
export async function announceKeyChanges(
  link: ServerLink,
  parts: KeyChangeParts,
  again: boolean,
): Promise<CallFailure | undefined> {
  let failure: CallFailure | undefined;
  for (const change of parts.storage.keyChanges()) {
    if (change.isConfirmed && !again) continue;
    failure = await announce(link, parts, change);
  }
  return failure;
}

async function announce(
  link: ServerLink,
  { storage, keySet }: KeyChangeParts,
  change: SignedKeyChange,
): Promise<CallFailure | undefined> {
  const answer = await post(link, {
    path: "/v1/node-keys",
    contentType: "application/json",
    body: JSON.stringify({
      nodeId: change.nodeId,
      keyFrom: change.keyFrom,
      publicKey: toBase64(change.publicKey),
      afterHash: toBase64(change.afterHash),
      byOld: toBase64(change.byOld),
      byNew: toBase64(change.byNew),
    }),
  });
  if (!answer.ok) return answer.failure;
  const certificate = bytesIn(jsonObject(answer.body), "certificate");
  if (!certificate) return { code: "unreachable" };
  // By a key that the node has not heard of yet, or of somebody else: the next session asks for it again.
  if (await isCertificateOf(keySet(), change, certificate)) storage.confirm(change, certificate);
  return undefined;
}

async function isCertificateOf(
  keySet: KeySet,
  { nodeId, publicKey }: NodeKeyChange,
  document: Uint8Array,
): Promise<boolean> {
  const opened = await openTrusted(keySet, "enrolment-certificate", decodeEnrolmentCertificate, document);
  return opened.ok && opened.value.nodeId === nodeId && equalBytes(opened.value.nodePublicKey, publicKey);
}
