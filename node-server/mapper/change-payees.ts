/** Registrations and changes of many payees at once, each with its own outcome: decided one by one, written together. */
import { changeBeneficiary, unregistered } from "#core/beneficiary.ts";
import type {
  Beneficiary,
  BeneficiaryChange,
  BeneficiaryRefusal,
  BeneficiaryStep,
} from "#core/beneficiary.ts";
import type { PayeeCause, PayeeRow } from "../ports/mapper.ts";
import type { Tx } from "../ports/store.ts";

export interface PayeeItem {
  readonly line: number;
  readonly payeeIdentity: string;
  /** Made whole or not at all. */
  readonly changes: readonly BeneficiaryChange[];
  /** Of the area or programme; null leaves it as it is. */
  readonly area: string | null;
}

export interface PayeeWork extends PayeeCause {
  readonly institutionId: string;
  readonly programId: string | null;
}

/** Null where the item was done. */
export type PayeeOutcome = BeneficiaryRefusal | null;

/**
 * The outcome of each item by its line. An item is left out when its payee was registered by somebody else at this very
 * moment: asked again, it finds that payee.
 */
export async function changePayees(
  tx: Tx,
  { institutionId, programId, ...cause }: PayeeWork,
  items: readonly PayeeItem[],
): Promise<Map<number, PayeeOutcome>> {
  const identities = [...new Set(items.map(({ payeeIdentity }) => payeeIdentity))];
  const known = await tx.payees.lock(institutionId, identities);
  const drafts = new Map(identities.map((identity) => [identity, draftOf(known.get(identity))]));
  const outcomes = new Map<number, PayeeOutcome>();
  for (const { line, payeeIdentity, changes, area } of items) {
    const draft = drafts.get(payeeIdentity) ?? draftOf(undefined);
    const decision = changeBeneficiary(draft.next, changes);
    outcomes.set(line, decision.ok ? null : decision.refusal);
    if (!decision.ok) continue;
    draft.next = decision.next;
    draft.steps.push(...decision.steps);
    draft.area = area ?? draft.area;
  }
  const changed = [...drafts].filter(([, { steps }]) => steps.length > 0);
  const writes = changed.map(([payeeIdentity, draft]) => ({
    ...draft,
    payeeIdentity,
    programId: programId ?? draft.before?.programId ?? null,
  }));
  const fresh = writes.filter(({ before }) => before === undefined);
  const made = await tx.payees.insert(institutionId, fresh, cause);
  await tx.payees.update(
    writes.flatMap(({ before, ...write }) => (before ? [{ ...write, before }] : [])),
    cause,
  );
  const lost = new Set(fresh.map(({ payeeIdentity }) => payeeIdentity).filter((id) => !made.has(id)));
  for (const { line, payeeIdentity } of items) if (lost.has(payeeIdentity)) outcomes.delete(line);
  return outcomes;
}

interface Draft {
  readonly before: PayeeRow | undefined;
  next: Beneficiary;
  area: string | null;
  readonly steps: BeneficiaryStep[];
}

function draftOf(before: PayeeRow | undefined): Draft {
  return { before, next: before ?? unregistered, area: before?.area ?? null, steps: [] };
}
