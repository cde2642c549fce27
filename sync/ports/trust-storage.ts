/** What a node believes: the newest key set it accepted, and the documents it was accepted from. */
import type { KeySet } from "../documents/key-set.ts";

export interface TrustStorage {
  /** The newest accepted key set. Throws on a node that is not enrolled. */
  keySet(): KeySet;
  /** The same as it was signed. */
  keySetDocument(): Uint8Array;
  /** Keeps a key set that was accepted; call it inside a transaction. */
  keepKeySet(keySet: KeySet, document: Uint8Array): void;
}
