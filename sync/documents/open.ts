/** Opens a signed thing and reads it in one step, which is how every receiver should do it. */
import { openDocument, type CoseRefusal, type FindKey, type SignedKind } from "../signing/cose.ts";
import type { Decoded, DocumentRefusal } from "./codec.ts";

export type Opened<T> =
  | { readonly ok: true; readonly value: T; readonly keyId: Uint8Array; readonly hash: Uint8Array }
  | { readonly ok: false; readonly refusal: CoseRefusal | DocumentRefusal };

/** Verifies bytes as a signed thing of `kind` and reads its payload with `decode`. */
export async function openAs<T>(
  kind: SignedKind,
  decode: (payload: Uint8Array) => Decoded<T>,
  bytes: Uint8Array,
  findKey: FindKey,
): Promise<Opened<T>> {
  const opened = await openDocument(kind, bytes, findKey);
  if (!opened.ok) return opened;
  const decoded = decode(opened.payload);
  if (!decoded.ok) return decoded;
  return { ok: true, value: decoded.value, keyId: opened.keyId, hash: opened.hash };
}
