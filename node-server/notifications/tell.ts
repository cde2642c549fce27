/** Who is told what: rows in the transaction of the change, sent after the commit. */
import type { MerchantClaim, NotificationRow, Tx } from "../ports/store.ts";
import type { Contact } from "./port.ts";
import type { Facts, ReceiptFacts, RedemptionFacts } from "./templates.ts";

/** Its voucher was consumed: the beneficiary gets a receipt where an address is known, also while the payout is owed. */
export async function tellOfUse(tx: Tx, claim: MerchantClaim): Promise<void> {
  const { merchant, payee } = await tx.notifications.contactsOf(claim);
  if (!payee) return;
  const redemption = redemptionOf(claim, merchant.name);
  await tell(tx, `claim:${claim.id}`, payee, { kind: "voucher-redeemed", redemption });
}

/** It was paid out: the merchant is told how much. */
export async function tellOfPayment(tx: Tx, claim: MerchantClaim): Promise<void> {
  const { merchant } = await tx.notifications.contactsOf(claim);
  if (!merchant.contact) return;
  const redemption = redemptionOf(claim, merchant.name);
  await tell(tx, `claim:${claim.id}`, merchant.contact, { kind: "merchant-paid", redemption });
}

/** An instruction of a batch was paid: the payee gets a receipt. */
export async function tellOfReceipt(
  tx: Tx,
  subject: string,
  to: Contact,
  receipt: ReceiptFacts,
): Promise<void> {
  await tell(tx, subject, to, { kind: "payment-received", receipt });
}

/** Alerts that no operator was told of yet. Returns how many there were. */
export async function tellOfAlerts(tx: Tx, operator: Contact | undefined): Promise<number> {
  const alerts = await tx.alerts.takeUntold(100);
  if (!operator) return alerts.length;
  for (const { id, kind, subject } of alerts)
    await tell(tx, `alert:${id}`, operator, { kind: "operator-alert", alert: { kind, subject } });
  return alerts.length;
}

/** Operators read English, as the command line speaks it. */
export function operatorAt(address: string): Contact {
  return { channel: "email", address, language: "en" };
}

function redemptionOf(claim: MerchantClaim, merchant: string): RedemptionFacts {
  const { serial, amountMinor, feeMinor, currency, transactionId } = claim;
  return { serial, amountMinor, feeMinor, currency, merchant, transactionId };
}

async function tell(tx: Tx, subject: string, to: Contact, facts: Facts): Promise<void> {
  const row: Pick<NotificationRow, "subject" | "to" | "facts"> = { subject, to, facts };
  const id = await tx.notifications.insert(row);
  if (id !== undefined) await tx.jobs.enqueue({ queue: "notify", id: String(id) });
}
