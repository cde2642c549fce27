/** What the account mapper needs of the database. Addresses are plain here; at rest they are tokens (`../mapper/address-tokens.ts`). */
import type { Beneficiary, BeneficiaryStep } from "#core/beneficiary.ts";
import type { Page } from "./store.ts";

export interface PayeeRow extends Beneficiary {
  readonly id: bigint;
  readonly institutionId: string;
  readonly payeeIdentity: string;
  /** Which nodes may look the payee up offline; null: none. */
  readonly programId: string | null;
  readonly area: string | null;
  /** How many entries its history has. */
  readonly version: number;
  readonly changedAt: Date;
}

/** What became of a payee in a transaction, with the entries of its history that tell it; there is at least one. */
export interface PayeeWrite extends Pick<PayeeRow, "payeeIdentity" | "programId" | "area"> {
  readonly next: Beneficiary;
  readonly steps: readonly BeneficiaryStep[];
}

/** Who changed it, as the audit trail names them, and by which request, operation or decision. */
export interface PayeeCause {
  readonly actor: string;
  readonly cause: string;
}

export interface PayeeHistoryEntry extends BeneficiaryStep, PayeeCause {
  readonly version: number;
  readonly at: Date;
}

export interface PayeeRows {
  /** Reads without a lock: for answers, never for decisions. */
  find(institutionId: string, payeeIdentity: string): Promise<PayeeRow | undefined>;
  findAll(institutionId: string, identities: readonly string[]): Promise<Map<string, PayeeRow>>;
  /** Locks those that exist, in the order of their ids. */
  lock(institutionId: string, identities: readonly string[]): Promise<Map<string, PayeeRow>>;
  /** Returns the identities that were made: not those that the institution has already. */
  insert(
    institutionId: string,
    writes: readonly PayeeWrite[],
    cause: PayeeCause,
  ): Promise<ReadonlySet<string>>;
  /** For payees that this transaction has locked. */
  update(writes: readonly (PayeeWrite & { readonly before: PayeeRow })[], cause: PayeeCause): Promise<void>;
  /** Payees of the institution that have the address now, whatever their state. */
  byAddress(institutionId: string, addresses: readonly string[]): Promise<Map<string, PayeeRow[]>>;
  /** In the order in which they were registered; unlinked ones are left out. */
  page(
    institutionId: string,
    page: Page,
  ): Promise<{ readonly total: number; readonly rows: readonly PayeeRow[] }>;
  /** From the first entry to the last. */
  history(payee: Pick<PayeeRow, "id" | "institutionId" | "payeeIdentity">): Promise<PayeeHistoryEntry[]>;
}
