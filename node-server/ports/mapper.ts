/**
 * What the account mapper needs of the database. Addresses are plain here; at rest they are tokens (`../mapper/address-
 * tokens.ts`).
 */
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

/** What a node serves: a programme of an institution, in one area or in all (null). */
export interface NodeProgramme {
  readonly programId: string;
  readonly institutionId: string;
  readonly area: string | null;
}

export interface PayeeRows {
  /** Reads without a lock: for answers, never for decisions. */
  find(institutionId: string, payeeIdentity: string): Promise<PayeeRow | undefined>;
  findAll(institutionId: string, identities: readonly string[]): Promise<Map<string, PayeeRow>>;
  /** Whoever bears one of the identities with one of the institutions. */
  withAny(institutionIds: readonly string[], identities: readonly string[]): Promise<PayeeRow[]>;
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
  /** Undefined where the node does not serve the programme. */
  programmeOf(nodeId: string, programId: string): Promise<NodeProgramme | undefined>;
  /** Lets a node serve a programme, or another part of it; null takes it away. Its payees follow by `project`. */
  serve(
    nodeId: string,
    programId: string,
    grant: (Omit<NodeProgramme, "programId"> & { readonly by: string }) | null,
  ): Promise<void>;
  /**
   * Brings what nodes read up to date with what they serve, for so many payees of the programme by their ids. Returns the
   * last id; undefined when there are no more.
   */
  project(
    programId: string,
    slice: { readonly afterId: bigint; readonly limit: number },
  ): Promise<bigint | undefined>;
  /** The key that the node's copies are sealed under. */
  nodeKey(nodeId: string): Uint8Array;
  /** From the first entry to the last. */
  history(payee: Pick<PayeeRow, "id" | "institutionId" | "payeeIdentity">): Promise<PayeeHistoryEntry[]>;
}

export type MapperAction =
  | "register"
  | "update"
  | "add-address"
  | "update-address"
  | "unlink"
  | "look-up"
  | "resolve"
  | "txn-status"
  | "validate-payees"
  | "validate-addresses"
  /** Like it, by the payer bank that keeps the accounts (`account-validations.ts`). */
  | "validate-at-bank";

/** By which API a request came: it decides how its callback reads. */
export type MapperFace = "current" | "1.0" | "g2p-connect";

export interface MapperRequestRow {
  readonly id: bigint;
  readonly institutionId: string;
  readonly action: MapperAction;
  readonly face: MapperFace;
  /** As the caller gave it. */
  readonly requestId: string;
  /** What a repeated request is known by. */
  readonly requestKey: string;
  readonly batchId: string | null;
  readonly programId: string | null;
  /** Null where the caller waits for the answer, or asks for it. */
  readonly callbackUrl: string | null;
  /** The request whose status is asked for; only of a `txn-status`. */
  readonly about: bigint | null;
}

/** What is asked of one payee; null where the caller says nothing. */
export interface MapperItem {
  readonly line: number;
  /** The caller's own id of what is validated. */
  readonly instructionId: string | null;
  readonly payeeIdentity: string | null;
  readonly modality: string | null;
  readonly institutionCode: string | null;
  readonly address: string | null;
  /** The address that is to be replaced. */
  readonly replaces: string | null;
  readonly area: string | null;
  readonly active: boolean | null;
  readonly prefer: boolean | null;
  /** As a caller of G2P Connect dated it, and whether it wants to know where a resolved payee is paid. */
  readonly dated: string | null;
  readonly details: boolean | null;
}

/** Without its addresses, which are erased. */
export interface MapperResult extends Pick<
  MapperItem,
  "line" | "instructionId" | "payeeIdentity" | "modality" | "institutionCode" | "dated" | "details"
> {
  readonly failureReason: string | null;
  readonly reasonCode: string | null;
  readonly done: boolean;
}

export interface MapperProgress {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly complete: boolean;
}

export interface MapperOutcome {
  readonly line: number;
  readonly failureReason: string | null;
  /** In the words of G2P Connect. */
  readonly reasonCode?: string | null;
  /** Whom an address was resolved to. */
  readonly foundIdentity?: string | null;
}

/** A slice in the order of the lines. */
export interface LineSlice {
  readonly afterLine: number;
  readonly limit: number;
}

export interface MapperRequestRows {
  insert(request: Omit<MapperRequestRow, "id">): Promise<bigint>;
  addItems(
    request: Pick<MapperRequestRow, "id" | "institutionId">,
    items: readonly MapperItem[],
  ): Promise<void>;
  find(id: bigint): Promise<MapperRequestRow | undefined>;
  byKey(
    key: Pick<MapperRequestRow, "institutionId" | "action" | "face" | "requestKey">,
  ): Promise<bigint | undefined>;
  /** The newest with the id that the institution gave it. */
  byRequestId(institutionId: string, requestId: string): Promise<MapperRequestRow | undefined>;
  /** The newest of G2P Connect that is named by one of these. */
  byTransaction(
    asked: Pick<MapperRequestRow, "institutionId" | "action">,
    by:
      | { readonly transactionId: string }
      | { readonly correlationId: string }
      | { readonly referenceIds: readonly string[] },
  ): Promise<MapperRequestRow | undefined>;
  /** Takes the request for this transaction, so that one worker at a time goes through it. */
  lock(id: bigint): Promise<MapperRequestRow | undefined>;
  nextOpen(request: Pick<MapperRequestRow, "id" | "institutionId">, limit: number): Promise<MapperItem[]>;
  /** Gives open items their outcomes and erases their addresses. Throws when one of them is not open. */
  finish(id: bigint, outcomes: readonly MapperOutcome[]): Promise<void>;
  /** Replaces the outcomes of items that have one. */
  correct(id: bigint, outcomes: readonly MapperOutcome[]): Promise<void>;
  complete(id: bigint): Promise<void>;
  progress(id: bigint): Promise<MapperProgress>;
  results(id: bigint, slice: LineSlice): Promise<MapperResult[]>;
  /** In the order of the lines. */
  failures(id: bigint, page: Page): Promise<MapperResult[]>;
}
