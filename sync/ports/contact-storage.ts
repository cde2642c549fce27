/** What a node remembers of its server between two contacts. The SQLite implementation is in `desktop/worker/store`. */
import type { ClockAnchor } from "../clock.ts";

export type NodeStatus = "active" | "frozen" | "revoked";

export interface ContactStorage {
  /** The generation of the server's database, as last heard. */
  generation(): number;
  setGeneration(generation: number): void;
  /** Raises the counter, beyond `seen` too, and stores it before it is used, so that no assertion is made twice. */
  countAssertion(seen: number): number;
  anchor(): ClockAnchor | undefined;
  setAnchor(anchor: ClockAnchor): void;
  status(): NodeStatus;
  setStatus(status: NodeStatus): void;
  /** Why this node signs nothing more; undefined while it may. Nothing takes it back but a new enrolment. */
  stopped(): string | undefined;
  stop(code: string): void;
}
