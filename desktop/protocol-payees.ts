/**
 * The part of the protocol about payees, for tills that serve a programme: looking one up, registering and updating one, and
 * what the server answered. Addresses are masked unless a reason was given.
 */
import type { Once } from "./protocol.ts";
import type { Operation, Refused } from "./protocol-views.ts";

export interface PayeePayloads {
  "payee-desk": Readonly<Record<string, never>>;
  /** Recorded before anything is shown. Without a reason addresses stay masked. */
  "look-up-payee": Once & PayeeName & { readonly reason: string | null };
  /** Checked here, queued, and answered by the server. */
  "change-payee": Once & PayeeName & PayeeChange;
  /** The newest first; `before` is the last sequence number of the page before. */
  "payee-operations": { readonly before: number | null };
}

export interface PayeeResults {
  "payee-desk": PayeeDesk;
  "look-up-payee": PayeeLookUp | Refused;
  "change-payee": PayeeQueued | Refused;
  "payee-operations": PayeeOperationPage;
}

export interface PayeeName {
  readonly programme: string;
  readonly identity: string;
}

export interface PayeeChange {
  readonly what: "register" | "update";
  /** Null changes no address. */
  readonly modality: PayeeModality | null;
  readonly institutionCode: string | null;
  readonly address: string | null;
  /** Where the payee is; null where this till serves one area, or the payee stays where it is. */
  readonly area: string | null;
  readonly active: boolean | null;
}

/** Bank account, mobile money, voucher, digital wallet, proxy (GovStack Payments BB). */
export const payeeModalities = ["00", "01", "02", "03", "04"] as const;
export type PayeeModality = (typeof payeeModalities)[number];

export interface PayeeDesk {
  /** Those that the operator lets this till serve, and those that were typed before. */
  readonly programmes: readonly PayeeProgramme[];
  readonly payees: number;
  /** As of when they are complete; null where none ever came. */
  readonly asOfMs: number | null;
}

export interface PayeeProgramme {
  readonly programme: string;
  /** The one that this till serves; null for all of them. */
  readonly area: string | null;
  /** Of all of them, those that payees are known of. */
  readonly areas: readonly string[];
}

export interface PayeeAddress {
  readonly modality: PayeeModality;
  readonly institutionCode: string | null;
  readonly address: string | null;
  readonly active: boolean;
  readonly preferred: boolean;
}

export interface PayeeLookUp {
  readonly ok: true;
  readonly outcome: "found" | "stale" | "unknown" | "denied";
  readonly revealed: boolean;
  readonly asOfMs: number | null;
  readonly ageMs: number | null;
  readonly state: string | null;
  readonly addresses: readonly PayeeAddress[];
}

export interface PayeeQueued {
  readonly ok: true;
  readonly sequence: number;
}

export interface PayeeOperation {
  readonly sequence: number;
  readonly type: "look-up" | "register-beneficiary" | "update-beneficiary";
  readonly atMs: number;
  readonly programme: string;
  /** Null where this till's key does not open what it kept. */
  readonly identity: string | null;
  readonly state: Operation["state"];
  readonly reason: string | null;
  /** What was written here. */
  readonly wrote: { readonly active: boolean | null; readonly address: PayeeAddress | null } | null;
  /** What the programme has now, of an update that waits because it was changed meanwhile. */
  readonly now: { readonly state: string; readonly addresses: readonly PayeeAddress[] } | null;
}

export interface PayeeOperationPage {
  readonly operations: readonly PayeeOperation[];
  readonly more: boolean;
}
