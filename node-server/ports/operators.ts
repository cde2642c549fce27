/** What signing in needs of the database; `postgres/operator-rows.ts` implements it. */
import type { Role } from "../operators/rights.ts";

export interface OperatorRow {
  readonly id: bigint;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly partyId: string | null;
}

export interface LocalAccount extends OperatorRow {
  readonly passwordHash: string;
  readonly totpSecret: Uint8Array;
  readonly failures: number;
  readonly invitedUntil: Date | null;
}

export type Try =
  | { readonly kind: "counted"; readonly account: LocalAccount }
  | { readonly kind: "locked"; readonly seconds: number }
  | { readonly kind: "unknown" };

export interface NewSession {
  readonly idHash: Uint8Array;
  readonly operatorId: bigint;
  readonly seconds: number;
  readonly from: string;
  /** How it was opened, for the audit trail. */
  readonly by: "password" | "provider" | "invitation";
}

export interface ProviderIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly partyId: string | null;
}

export interface OperatorStore {
  now(): Promise<Date>;
  /**
   * Counts the try as failed before anything is compared, so that many at once are not more tries than one after the
   * other; what succeeds is taken off again. Accounts that are disabled are unknown.
   */
  countTry(name: string, waitSeconds: (failures: number) => number): Promise<Try>;
  /** False when a code of this step, or of a later one, was used before. */
  useCode(id: bigint, step: number): Promise<boolean>;
  /** The tries that failed are forgotten. */
  forgetFailures(id: bigint): Promise<void>;
  /** The person has chosen their own password. False when somebody was quicker. */
  acceptInvitation(id: bigint, passwordHash: string): Promise<boolean>;
  recordFailure(account: LocalAccount, from: string): Promise<void>;
  openSession(session: NewSession): Promise<void>;
  /** Undefined when there is none, it has ended, was idle for too long, or its operator is disabled. */
  session(idHash: Uint8Array, idleSeconds: number, isActive: boolean): Promise<OperatorRow | undefined>;
  closeSession(idHash: Uint8Array): Promise<void>;
  /** The account of somebody that a provider vouches for, with the roles that it names now. */
  providerAccount(
    identity: ProviderIdentity,
  ): Promise<
    | { readonly ok: true; readonly operator: OperatorRow }
    | { readonly ok: false; readonly refusal: "disabled" | "name-taken" }
  >;
}
