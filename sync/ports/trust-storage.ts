/** What a node believes: the newest key set it accepted, policies, and the documents they were accepted from. */
import type { Policy } from "../documents/policy.ts";
import type { KeySet } from "../documents/key-set.ts";

export interface TrustStorage {
  /** The newest accepted key set. Throws on a node that is not enrolled. */
  keySet(): KeySet;
  /** The same as it was signed. */
  keySetDocument(): Uint8Array;
  /** Keeps a key set that was accepted; call it inside a transaction. */
  keepKeySet(keySet: KeySet, document: Uint8Array): void;
  /** Undefined for a version that did not come yet. */
  policy(version: number): Policy | undefined;
  /** Keeps a policy that was signed by a trusted key; call it inside a transaction. */
  keepPolicy(policy: Policy, document: Uint8Array): void;
  /** Whether the node's merchant may redeem vouchers of the group; false for every group before the server has told. */
  accepts(group: string): boolean;
  /** Replaces all accepted groups; call it inside a transaction. */
  keepAccepted(groups: readonly string[]): void;
}
