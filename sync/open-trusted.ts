/** Opens a signed thing with the keys of a trusted key set: what a node does with everything that its server signed. */
import type { Decoded } from "./documents/codec.ts";
import { trustedKeys } from "./documents/key-set.ts";
import type { KeySet } from "./documents/key-set.ts";
import { openAs } from "./documents/open.ts";
import type { Opened } from "./documents/open.ts";
import type { ServerKind } from "./signing/kinds.ts";

export function openTrusted<T>(
  keySet: KeySet,
  kind: ServerKind,
  decode: (payload: Uint8Array) => Decoded<T>,
  document: Uint8Array,
): Promise<Opened<T>> {
  const keys = trustedKeys(keySet);
  return openAs(kind, decode, document, (keyId) => keys.findKey(kind, keyId));
}
