/** What a simulation runs over: a real store, with nothing in it but who takes part. */
import type { Store } from "../../node-server/ports/store.ts";

export interface Registered {
  readonly boxPublicKey: Uint8Array;
  readonly groups: readonly { readonly code: string; readonly atRisk: boolean }[];
  readonly merchants: readonly string[];
}

export interface SimulatedStore {
  readonly store: Store;
  /** Takes a rule of the database away. */
  dropIndex(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface StoreKind {
  open(registered: Registered): Promise<SimulatedStore>;
}
