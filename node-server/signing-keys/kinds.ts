/** Which signing keys there are, and how they are named. */
import { keyIdOf, serverKinds } from "#sync/signing/kinds.ts";
import type { ServerKind } from "#sync/signing/kinds.ts";
import { thumbprintOf } from "../callbacks/signature.ts";

/** What nodes trust, and the key of callbacks, which nodes have nothing to do with. */
export const keyKinds = [...serverKinds, "callback"] as const;

export type KeyKind = ServerKind | "callback";

export function isKeyKind(text: string): text is KeyKind {
  return (keyKinds as readonly string[]).includes(text);
}

/** The key's name in the key store. */
export function keyName(kind: KeyKind, number: number): string {
  return number === 1 ? kind : `${kind}.${number}`;
}

/** The key id that stands in what it signs: in hex, or the thumbprint of a key of callbacks. */
export function shownKeyId(kind: KeyKind, publicKey: Uint8Array): string {
  if (kind === "callback") return thumbprintOf(publicKey);
  return Buffer.from(keyIdOf(kind, publicKey)).toString("hex");
}
