/**
 * What goes out: callbacks to institutions, notifications to people, alerts to operators. Part of `./store.ts`, which
 * everybody imports.
 */
import type { Contact } from "../notifications/port.ts";
import type { Facts } from "../notifications/templates.ts";
import type { MerchantClaim } from "./claims.ts";
import type { Page } from "./requests.ts";

/** What an operator should look at: one alert of a kind is open for a subject at a time. */
export interface AlertRows {
  /** Returns false when the same alert is open already. */
  raise(kind: string, subject: string, detail: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** Returns false when none is open. */
  end(kind: string, subject: string): Promise<boolean>;
  /** Those that nobody was told of, which they are from now on. */
  takeUntold(
    limit: number,
  ): Promise<readonly { readonly id: bigint; readonly kind: string; readonly subject: string }[]>;
}

export const callbackKinds = [
  "batch",
  "command",
  "redemption",
  "mapper",
  "disbursement",
  "funds",
  "bill-inquiry",
  "bill-question",
  "bill-payment",
  "bill-advice",
  "rtp-request",
  "rtp-update",
  "rtp-cancellation",
  "rtp-status",
] as const;

/** What is told: to whoever asked for it by a request, or to a biller or payer FI at its endpoint. */
export type CallbackKind = (typeof callbackKinds)[number];

export interface CallbackRow {
  readonly id: bigint;
  readonly institutionId: string;
  readonly kind: CallbackKind;
  /** The id of what it tells of; which rows those are, the kind says. */
  readonly subject: bigint;
  readonly url: string;
  readonly state: "waiting" | "delivered" | "undeliverable";
  /** When it was last asked for; it is given up some days after. */
  readonly requestedAt: Date;
  readonly tries: number;
  readonly lastTriedAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  /** Of what called for it, as the caller or the node knows it. */
  readonly correlationId: string | null;
}

export interface CallbackRows {
  /** Makes the callback wait to be sent, for the first time or once more. */
  request(
    callback: Pick<CallbackRow, "institutionId" | "kind" | "subject" | "url" | "correlationId">,
  ): Promise<bigint>;
  find(id: bigint): Promise<CallbackRow | undefined>;
  stateOf(kind: CallbackKind, subject: bigint): Promise<CallbackRow["state"] | undefined>;
  /** Returns false, and records nothing, when it was asked for again since it was read, or delivered meanwhile. */
  recordTry(
    callback: Pick<CallbackRow, "id" | "requestedAt">,
    attempt: {
      readonly state: CallbackRow["state"];
      readonly status: number | null;
      readonly error: string | null;
    },
  ): Promise<boolean>;
  /** An institution's callbacks that were not delivered, the newest first. */
  undelivered(
    institutionId: string,
    page: Page,
  ): Promise<{ readonly total: number; readonly rows: readonly CallbackRow[] }>;
  /** Makes one wait again; false when the institution has none of that id. */
  resend(institutionId: string, id: bigint): Promise<boolean>;
  /** Waiting ones that nobody has tried since they were asked for, some time ago: their job may be missing. */
  forgotten(limit: number): Promise<bigint[]>;
}

export interface NotificationRow {
  readonly id: bigint;
  /** The claim, credit or alert that it tells of. */
  readonly subject: string;
  readonly to: Contact;
  readonly facts: Facts;
  readonly state: "waiting" | "sent" | "failed";
  readonly tries: number;
  /** When it was last asked for. */
  readonly requestedAt: Date;
}

export interface ClaimContacts {
  readonly merchant: { readonly name: string; readonly contact: Contact | undefined };
  readonly payee: Contact | undefined;
}

export interface NotificationRows {
  /** Where the claim's merchant and its voucher's beneficiary are reached, as far as that is known. */
  contactsOf(claim: Pick<MerchantClaim, "serial" | "merchantId">): Promise<ClaimContacts>;
  /** For each of them, in their order. */
  contactsOfAll(claims: readonly Pick<MerchantClaim, "serial" | "merchantId">[]): Promise<ClaimContacts[]>;
  /** Where payees of an institution are reached, as far as that is known. */
  contactsOfPayees(
    institutionId: string,
    payeeFunctionalIds: readonly string[],
  ): Promise<ReadonlyMap<string, Contact>>;
  /** Undefined when the same was told of before. */
  insert(row: Pick<NotificationRow, "subject" | "to" | "facts">): Promise<bigint | undefined>;
  find(id: bigint): Promise<NotificationRow | undefined>;
  /** Returns false, and records nothing, when it was asked for again since it was read, or sent meanwhile. */
  recordTry(
    row: Pick<NotificationRow, "id" | "requestedAt">,
    state: NotificationRow["state"],
    error: string | null,
  ): Promise<boolean>;
  /** Erases those of notifications last asked for before the given time that wait no longer; returns how many. */
  eraseAddresses(before: Date): Promise<number>;
  /** Waiting ones that nobody has tried since they were asked for, some time ago. */
  forgotten(limit: number): Promise<bigint[]>;
}
