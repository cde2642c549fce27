/**
 * A store held to the contract, with what the port itself does not offer: writing the registry, and looking at what
 * a transaction left behind.
 */
import type { BillerRow, PayerFiRow } from "../../../node-server/ports/bill-rows.ts";
import type { Job, MerchantRow, Store, VoucherGroupRow } from "../../../node-server/ports/store.ts";

export interface StoreSubject {
  readonly store: Store;
  /** Whether two of its transactions can be under way at once. */
  readonly isConcurrent: boolean;
  /** What operators write; none of it goes through the store. */
  register(registry: Registry): Promise<void>;
  setBudget(budget: {
    readonly programId: string;
    readonly groupCode: string;
    readonly currency: string;
    readonly limitMinor: bigint;
  }): Promise<void>;
  /** Every account's balance by its id. */
  balances(): Promise<ReadonlyMap<string, bigint>>;
  /** The sum of every account's journal lines by its id. */
  sumsOfLines(): Promise<ReadonlyMap<string, bigint>>;
  waitingJobs(): Promise<readonly Job[]>;
  auditOf(subject: string): Promise<readonly AuditEntry[]>;
  leasesShape(nodeId: string): Promise<readonly LeaseShapeRow[]>;
  elsewhereShape(nodeId: string): Promise<readonly ElsewhereShapeRow[]>;
  documentsShape(shape: "verdicts" | "trust", nodeId: string): Promise<readonly DocumentShapeRow[]>;
  /** When the callers' copies of a batch's numbers were delivered, each once. */
  deliveriesOf(batch: bigint): Promise<readonly (Date | null)[]>;
  close(): Promise<void>;
}

export interface Registry {
  readonly institutions: readonly {
    readonly id: string;
    readonly callbackBaseUrl: string | null;
    readonly boxPublicKey: Uint8Array | null;
  }[];
  readonly groups: readonly VoucherGroupRow[];
  /** Institutions that disburse, each out of our own ledger, and the institutions that keep payees' money. */
  readonly disbursing: readonly string[];
  readonly receivers: readonly string[];
  readonly merchants: readonly (MerchantRow & { readonly accepts: readonly string[] })[];
  /** Institutions; each biller is linked with each payer FI. */
  readonly billers: readonly BillerRow[];
  readonly payerFis: readonly PayerFiRow[];
}

export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface LeaseShapeRow {
  readonly serial: bigint;
  readonly epoch: { readonly generation: number; readonly n: number };
  readonly notAfter: Date;
  readonly lease: string;
  readonly token: string;
  readonly recalledAt: Date | null;
}

export interface ElsewhereShapeRow {
  readonly serial: bigint;
  readonly till: string;
  readonly notAfter: Date;
}

export interface DocumentShapeRow {
  /** The sequence of a verdict, the kind of a trust document. */
  readonly key: string;
  readonly document: string;
}
