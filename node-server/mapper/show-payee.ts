/** A payee whole, as the institution that registered it sees it; each sight of its addresses is audited. */
import { decideLookUp, newLookUp } from "#core/decide.ts";
import type { PayeeHistoryEntry, PayeeRow } from "../ports/mapper.ts";
import type { Tx } from "../ports/store.ts";

export async function showPayee(
  tx: Pick<Tx, "payees" | "audit">,
  institutionId: string,
  payeeIdentity: string,
): Promise<PayeeRow | undefined> {
  const payee = await tx.payees.find(institutionId, payeeIdentity);
  const isThere = payee !== undefined && payee.state !== "unlinked";
  await audit(tx, institutionId, "mapper.show", isThere ? payee : undefined);
  return isThere ? payee : undefined;
}

/** Also of a payee that was unlinked. */
export async function showHistory(
  tx: Pick<Tx, "payees" | "audit">,
  institutionId: string,
  payeeIdentity: string,
): Promise<PayeeHistoryEntry[] | undefined> {
  const payee = await tx.payees.find(institutionId, payeeIdentity);
  await audit(tx, institutionId, "mapper.history", payee);
  return payee && tx.payees.history(payee);
}

async function audit(
  tx: Pick<Tx, "audit">,
  institutionId: string,
  action: string,
  payee: PayeeRow | undefined,
): Promise<void> {
  const decision = decideLookUp(newLookUp, { type: payee ? "FIND" : "FIND_NOTHING" });
  if (!decision.ok) throw new Error("a look-up that was asked for has no outcome");
  await tx.audit.record({
    actor: `institution:${institutionId}`,
    action,
    subject: payee ? `payee:${payee.id}` : `institution:${institutionId}`,
    after: { state: decision.next.state },
  });
}
