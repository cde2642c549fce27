/**
 * Where shapes are stored. A load is one complete building of a shape from its snapshot; the head names the one that
 * counts. The SQLite implementation is in `desktop/worker/store/shapes.ts`.
 */
import type { AmountsDue, BillIdRules } from "#core/bill.ts";
import type { Epoch } from "../documents/lease.ts";
import type { Policy } from "../documents/policy.ts";
import type { KeySet } from "../documents/key-set.ts";
import type { OpenedVerdictList } from "../queue/take-verdicts.ts";

export type ShapeName =
  | "trust"
  | "leases"
  | "elsewhere"
  | "denied"
  | "beneficiaries"
  | "verdicts"
  | "signals"
  | "billers"
  | "bills"
  | "floats";

/** Whose bills this node takes payments for. */
export interface KnownBiller extends BillIdRules {
  readonly billerId: string;
  readonly name: string;
  readonly timeZone: string;
  readonly voucherGroups: readonly string[];
}

export interface KnownBill extends AmountsDue {
  readonly billId: string;
  readonly billerId: string;
  readonly payerName: string | null;
  readonly area: string | null;
  readonly currency: string;
  readonly status: "open" | "beingPaid" | "paid";
}

export interface KnownFloat {
  readonly currency: string;
  readonly floatMinor: bigint;
  /** What the agent took beyond its float, and owes. */
  readonly debtMinor: bigint;
  /** This node's own operations up to this sequence number are in it. */
  readonly counted: number;
}

export type BillShape = "billers" | "bills" | "floats";

/** Where a shape was read up to, in the server's words. */
export interface ShapeHead {
  readonly handle: string;
  readonly position: string;
}

/** A programme whose payees this node looks up and changes. */
export interface ServedProgramme {
  readonly programme: string;
  /** Null for every area. */
  readonly area: string | null;
  /** Where every area is served, those that payees are known of. */
  readonly areas: readonly string[];
}

/** A row's values as the protocol brings them: all are text. */
export type RowValue = Readonly<Record<string, string | null>>;

/** One row's change after its signatures were checked; only `lease-arrived` comes before that. */
export type ShapeChange =
  | {
      readonly type: "lease";
      readonly key: string;
      readonly serial: bigint;
      readonly epoch: Epoch;
      readonly notAfterMs: number;
      readonly lease: Uint8Array;
      readonly token: string;
      /** The voucher's, as its token says. */
      readonly amountMinor: bigint;
      readonly currency: string;
      /** Since when the server asks for it back. */
      readonly recalledMs: number | null;
    }
  /**
   * A lease on a voucher that none is known of, which came among many. It is looked at once it is stored, and in any case
   * before anything is done under it.
   */
  | {
      readonly type: "lease-arrived";
      readonly key: string;
      readonly serial: bigint;
      /** As the row says; what is signed decides. */
      readonly epoch: Epoch;
      readonly notAfterMs: number;
      readonly recalledMs: number | null;
      readonly value: RowValue;
    }
  /** The row is gone. That ends no lease: only time does, or the node itself. */
  | { readonly type: "lease-withdrawn"; readonly key: string; readonly serial: bigint }
  | {
      readonly type: "elsewhere";
      readonly key: string;
      readonly serial: bigint;
      readonly till: string;
      readonly notAfterMs: number;
    }
  | { readonly type: "elsewhere-no-more"; readonly key: string; readonly serial: bigint }
  | { readonly type: "key-set"; readonly key: string; readonly keySet: KeySet; readonly document: Uint8Array }
  | { readonly type: "policy"; readonly key: string; readonly policy: Policy; readonly document: Uint8Array }
  | { readonly type: "accepts"; readonly key: string; readonly groups: readonly string[] }
  | { readonly type: "programmes"; readonly key: string; readonly programmes: readonly ServedProgramme[] }
  | {
      readonly type: "denied";
      readonly key: string;
      readonly chunk: number;
      readonly serials: Uint8Array;
      readonly first: bigint;
      readonly last: bigint;
    }
  | { readonly type: "denied-no-more"; readonly key: string; readonly chunk: number }
  | { readonly type: "biller"; readonly key: string; readonly biller: KnownBiller }
  | { readonly type: "bill"; readonly key: string; readonly bill: KnownBill }
  | { readonly type: "float"; readonly key: string; readonly float: KnownFloat }
  /** A row of one of the three is gone; `id` is the biller's, the bill's or the currency. */
  | { readonly type: "bill-row-gone"; readonly key: string; readonly shape: BillShape; readonly id: string }
  | {
      readonly type: "beneficiary";
      readonly key: string;
      readonly payee: bigint;
      /** What it is found by, and its record; only this node's key opens it. */
      readonly index: string;
      readonly version: number;
      readonly sealed: Uint8Array;
    }
  | { readonly type: "beneficiary-no-more"; readonly key: string; readonly payee: bigint }
  | {
      readonly type: "verdict-list";
      readonly key: string;
      readonly opened: OpenedVerdictList;
      /** The row itself, for the case that the list does not fit the queue. */
      readonly value: string;
    }
  | { readonly type: "signal"; readonly shape: string; readonly version: number }
  /** A row that failed its check: kept for whoever looks into it, never used. */
  | { readonly type: "aside"; readonly key: string; readonly problem: string; readonly value: string };

export interface SetAside {
  readonly key: string;
  /** The row as JSON text. */
  readonly value: string;
}

/** Leases that arrived together and were not looked at yet. */
export interface Arrival {
  readonly id: number;
  readonly leases: readonly ArrivedLease[];
}

export interface ArrivedLease {
  readonly key: string;
  readonly serial: bigint;
  /** Of the row what its check reads. */
  readonly value: RowValue;
}

export interface LookedAt {
  readonly lease: ArrivedLease;
  readonly change: ShapeChange;
}

export interface ShapeBatch {
  readonly name: ShapeName;
  /** The head that the batch continues; undefined for a shape never read. */
  readonly from: ShapeHead | undefined;
  /** The load that the batch completes, or undefined when it changes the one that counts. */
  readonly load: number | undefined;
  readonly changes: readonly ShapeChange[];
  readonly to: ShapeHead;
}

export interface ShapeStorage {
  head(name: ShapeName): ShapeHead | undefined;
  /** Starts a load, and forgets what an unfinished one has left. */
  beginLoad(name: ShapeName): number;
  /** Adds rows to a load that does not count yet. */
  stage(name: ShapeName, load: number, changes: readonly ShapeChange[]): void;
  /** Stores rows and head in one transaction. False, and nothing stored, when the batch does not continue the head. */
  apply(batch: ShapeBatch): boolean;
  /** Rows of the shape that failed their check. */
  aside(name: ShapeName): SetAside[];
  /** Stores rows that were aside, in the load that counts. */
  amend(name: ShapeName, changes: readonly ShapeChange[]): void;
  /** Whether the load that counts has a lease on the voucher. */
  isLeased(serial: bigint): boolean;
  /** Some leases that count and were not looked at yet; undefined where there are none. */
  nextArrival(): Arrival | undefined;
  /** Stores what they turned out to be, leases or rows for aside. One that was replaced meanwhile is left as it is. */
  settle(arrival: Arrival, found: readonly LookedAt[]): void;
  /** What `signals` says of a shape; undefined when it says nothing. */
  signalled(shape: string): number | undefined;
  /** The signalled version that was read before the shape was last fetched. */
  fetched(shape: string): number | undefined;
  setFetched(shape: string, version: number): void;
  /** As of when the shape was known to be complete; undefined when it never was. */
  asOf(shape: ShapeName): number | undefined;
  setAsOf(shape: ShapeName, ms: number): void;
}
