/**
 * Shows operators what is sealed of a payee, addresses and their history (GovStack Payments BB, section 6.12: who reads
 * personal data is audited). One person asks and says why, another one releases it; then the one who has asked sees it for a
 * day, and each sight is in the audit trail.
 */
import type { DisclosureRow } from "../ports/disclosures.ts";
import type { PayeeHistoryEntry, PayeeRow } from "../ports/mapper.ts";
import type { Store, Tx } from "../ports/store.ts";

export type DisclosureRefusal =
  | "no-such-payee"
  | "no-such-disclosure"
  | "same-person"
  | "ended-before"
  /** Only who has asked for it sees it. */
  | "not-yours"
  | "not-released"
  /** It was released more than a day ago. */
  | "over";

export type DisclosureOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: DisclosureRefusal };

export interface Disclosed {
  readonly payee: PayeeRow;
  readonly history: readonly PayeeHistoryEntry[];
}

const goodForMs = 86_400_000;

export function proposeDisclosure(
  store: Store,
  wish: { readonly institutionId: string; readonly payeeIdentity: string },
  { because, by }: { readonly because: string; readonly by: string },
): Promise<DisclosureOutcome<bigint>> {
  return store.transaction(async (tx) => {
    const payee = await tx.payees.find(wish.institutionId, wish.payeeIdentity);
    if (!payee) return refused("no-such-payee");
    const id = await tx.disclosures.propose(payee.id, because, by);
    await audit(tx, "disclosure.propose", { id, payee: payee.id }, by, { because });
    return { ok: true, value: id };
  });
}

export function releaseDisclosure(store: Store, id: bigint, by: string): Promise<DisclosureOutcome<null>> {
  return end(store, id, by, "released");
}

export function withdrawDisclosure(store: Store, id: bigint, by: string): Promise<DisclosureOutcome<null>> {
  return end(store, id, by, "withdrawn");
}

export function showDisclosed(store: Store, id: bigint, by: string): Promise<DisclosureOutcome<Disclosed>> {
  return store.transaction(async (tx) => {
    const found = await tx.disclosures.lock(id);
    if (!found) return refused("no-such-disclosure");
    if (found.proposedBy !== by) return refused("not-yours");
    if (found.outcome !== "released" || !found.endedAt) return refused("not-released");
    if ((await tx.now()).getTime() - found.endedAt.getTime() > goodForMs) return refused("over");
    const payee = await tx.payees.find(found.institutionId, found.payeeIdentity);
    if (!payee) throw new Error(`payee ${found.payee} of disclosure ${id} is not there`);
    await audit(tx, "disclosure.show", found, by, { because: found.because });
    return { ok: true, value: { payee, history: await tx.payees.history(payee) } };
  });
}

/** What waits for somebody else, and what can be seen now. */
export function listDisclosures(store: Store): Promise<DisclosureRow[]> {
  return store.transaction(async (tx) =>
    tx.disclosures.list(new Date((await tx.now()).getTime() - goodForMs)),
  );
}

function end(
  store: Store,
  id: bigint,
  by: string,
  outcome: "released" | "withdrawn",
): Promise<DisclosureOutcome<null>> {
  return store.transaction(async (tx) => {
    const found = await tx.disclosures.lock(id);
    if (!found) return refused("no-such-disclosure");
    if (found.outcome !== null) return refused("ended-before");
    if (outcome === "released" && found.proposedBy === by) return refused("same-person");
    await tx.disclosures.end(id, outcome, by);
    const { because, proposedBy } = found;
    await audit(tx, outcome === "released" ? "disclosure.release" : "disclosure.withdraw", found, by, {
      because,
      proposedBy,
    });
    return { ok: true, value: null };
  });
}

function audit(
  tx: Pick<Tx, "audit">,
  action: string,
  { id, payee }: Pick<DisclosureRow, "id" | "payee">,
  by: string,
  after: Readonly<Record<string, string>>,
): Promise<void> {
  return tx.audit.record({
    actor: `operator:${by}`,
    action,
    subject: `payee:${payee}`,
    after: { disclosure: String(id), ...after },
  });
}

function refused(code: DisclosureRefusal): { readonly ok: false; readonly code: DisclosureRefusal } {
  return { ok: false, code };
}
