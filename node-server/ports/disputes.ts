/**
 * What people decide: disputes about lost redemptions, operations that are held, and the recovery of a restored
 * database. Part of `./store.ts`, which everybody imports.
 */
import type { DisputeState } from "#core/dispute.machine.ts";
import type { Money } from "#core/money.ts";

export type DisputeVerdict = "pay" | "refuse" | "write-off";

/** A redemption that lost its voucher after the goods were given. */
export interface DisputeRow extends Money {
  readonly nodeId: string;
  readonly hash: Uint8Array;
  readonly merchantId: string;
  readonly groupCode: string;
  readonly serial: bigint;
  /** The most that may be paid. */
  readonly guaranteedMinor: bigint;
  readonly state: DisputeState;
  readonly verdict: DisputeVerdict | null;
  readonly because: string | null;
  readonly proposedBy: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly firstDecidedBy: string | null;
  /** Why the merchant does not accept a refusal. */
  readonly appeal: string | null;
}

export interface DisputeRows {
  open(
    dispute: Pick<
      DisputeRow,
      | "nodeId"
      | "hash"
      | "merchantId"
      | "groupCode"
      | "serial"
      | "currency"
      | "amountMinor"
      | "guaranteedMinor"
    >,
  ): Promise<void>;
  lock(nodeId: string, hash: Uint8Array): Promise<DisputeRow | undefined>;
  /** Throws when one person would decide alone. */
  update(row: DisputeRow): Promise<void>;
  /** Of one node: those that are not ended before the others, the newest first. */
  ofNode(nodeId: string, limit: number): Promise<NodeDispute[]>;
}

/** A dispute together with the operation that it is about. */
export interface NodeDispute extends DisputeRow {
  readonly sequence: number;
  readonly reason: string;
  readonly openedAt: Date;
}

/** What people may make of a held operation. */
export type HeldVerdict = "apply" | "reject" | "write-off";

export interface HeldDecisionRows {
  /** False when something is proposed about the operation already. */
  propose(proposal: {
    readonly nodeId: string;
    readonly hash: Uint8Array;
    readonly verdict: HeldVerdict;
    readonly because: string;
    readonly by: string;
  }): Promise<boolean>;
  /** What is proposed and neither decided nor withdrawn. */
  lockProposal(
    nodeId: string,
    hash: Uint8Array,
  ): Promise<
    | { readonly id: bigint; readonly verdict: HeldVerdict; readonly because: string; readonly by: string }
    | undefined
  >;
  /** Throws when it is decided by whoever proposed it. */
  decide(id: bigint, by: string): Promise<void>;
  withdraw(id: bigint): Promise<void>;
}

/** The recovery of a restored database (design section 4.8). */
export interface RecoveryRow {
  readonly generation: number;
  /** When the longest lease that was granted before the restore has ended, with its grace. */
  readonly until: Date;
}

export interface RecoveryRows {
  /** The one that is under way. */
  open(): Promise<RecoveryRow | undefined>;
  lock(): Promise<RecoveryRow | undefined>;
  /** How many nodes have not uploaded since. */
  countAwaited(generation: number): Promise<number>;
  noteUploaded(generation: number, nodeId: string): Promise<void>;
  end(generation: number, how: "all-uploaded" | "time-passed"): Promise<void>;
}
