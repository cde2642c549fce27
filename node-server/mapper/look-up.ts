/**
 * Looking payees up: each look-up goes through the machine that nodes run too, and each is audited, whatever became of
 * it (`#core/look-up.machine.ts`, L1).
 */
import { decideLookUp, newLookUp } from "#core/decide.ts";
import type { LookUpEvent } from "#core/look-up.machine.ts";
import type { PayeeAddress } from "#core/payee-addresses.ts";
import type { PayeeRow } from "../ports/mapper.ts";
import { actingInstitution } from "../acting-institution.ts";
import type { ActingInstitution } from "../acting-institution.ts";
import { currentOrigin } from "../origin.ts";
import type { AuditEntry, Store, Tx } from "../ports/store.ts";
import { together } from "../together.ts";

export interface LookUpQuestion {
  readonly payeeIdentity: string;
  /** Only addresses of this modality; null asks for all. */
  readonly modality: string | null;
}

export type LookUpAnswer =
  /** Active addresses, the preferred one first. */
  | { readonly outcome: "found"; readonly payee: PayeeRow; readonly addresses: readonly PayeeAddress[] }
  /** `unaddressed`: no active address, or none of the modality; `inactive` is denied, the others are unknown. */
  | { readonly outcome: "unknown" | "inactive" | "unaddressed" };

export interface AskedLookUp extends LookUpQuestion {
  /** The request that it came of, for the audit trail. */
  readonly cause: string;
}

/** In the order of the questions. */
export async function lookUpPayees(
  tx: Pick<Tx, "payees" | "audit">,
  institutionId: string,
  questions: readonly AskedLookUp[],
): Promise<LookUpAnswer[]> {
  const identities = [...new Set(questions.map(({ payeeIdentity }) => payeeIdentity))];
  const found = await tx.payees.findAll(institutionId, identities);
  const answers = questions.map((question) => answerOf(found.get(question.payeeIdentity), question));
  await tx.audit.recordAll(
    questions.map(({ payeeIdentity, cause }, index) =>
      auditEntry(institutionId, cause, answers[index], found.get(payeeIdentity)),
    ),
  );
  return answers;
}

/** Looks up one payee; those that the same caller asks for meanwhile are looked up together. */
export function createLookUp(
  store: Pick<Store, "transaction">,
): (institutionId: string, question: AskedLookUp) => Promise<LookUpAnswer> {
  const lookUp = together(({ institutionId }: Asker, questions: readonly AskedLookUp[]) =>
    store.transaction((tx) => lookUpPayees(tx, institutionId, questions)),
  );
  return (institutionId, question) =>
    lookUp({ institutionId, heldTo: actingInstitution(), origin: currentOrigin() }, question);
}

interface Asker {
  readonly institutionId: string;
  /** What the database holds the work to. */
  readonly heldTo: ActingInstitution | undefined;
  /** What the audit trail tells of each look-up. */
  readonly origin: string | null;
}

/** What is told of a payee now. */
export function answerOf(payee: PayeeRow | undefined, { modality }: LookUpQuestion): LookUpAnswer {
  if (!payee || payee.state === "unlinked") return { outcome: "unknown" };
  if (payee.state !== "active") return { outcome: "inactive" };
  const addresses = payee.addresses
    .filter((address) => address.active && (modality === null || address.modality === modality))
    .toSorted((one, other) => rank(payee, one) - rank(payee, other));
  return addresses.length === 0 ? { outcome: "unaddressed" } : { outcome: "found", payee, addresses };
}

function rank(payee: PayeeRow, address: PayeeAddress): number {
  return address.n === payee.preferred ? 0 : address.n;
}

const events: Readonly<Record<LookUpAnswer["outcome"], LookUpEvent>> = {
  found: { type: "FIND" },
  unknown: { type: "FIND_NOTHING" },
  unaddressed: { type: "FIND_NOTHING" },
  inactive: { type: "DENY" },
};

function auditEntry(
  institutionId: string,
  cause: string,
  answer: LookUpAnswer | undefined,
  payee: PayeeRow | undefined,
): AuditEntry {
  const decision = answer && decideLookUp(newLookUp, events[answer.outcome]);
  if (!decision?.ok) throw new Error("a look-up that was asked for has no outcome");
  return {
    actor: `institution:${institutionId}`,
    action: "mapper.look-up",
    // Who nobody knows has no row to name.
    subject: payee ? `payee:${payee.id}` : `institution:${institutionId}`,
    after: { state: decision.next.state, cause },
  };
}
