/** Who is told what: rows in the transaction of the change, sent after the commit. */
import type { ClaimRow, NotificationRow, Tx } from "../ports/store.ts";
import type { Contact } from "./port.ts";
import type { Facts } from "./templates.ts";

/** A claim was paid: the merchant is told, and the beneficiary where an address is known. */
export async function tellOfPayment(tx: Tx, claim: ClaimRow): Promise<void> {
  const { merchant, payee } = await tx.notifications.contactsOf(claim);
  if (!merchant.contact && !payee) return;
  const redemption = {
    serial: claim.serial,
    amountMinor: claim.amountMinor,
    currency: claim.currency,
    merchant: merchant.name,
    transactionId: claim.transactionId,
  };
  const subject = `claim:${claim.id}`;
  if (merchant.contact) await tell(tx, subject, merchant.contact, { kind: "merchant-paid", redemption });
  if (payee) await tell(tx, subject, payee, { kind: "voucher-redeemed", redemption });
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

async function tell(tx: Tx, subject: string, to: Contact, facts: Facts): Promise<void> {
  const row: Pick<NotificationRow, "subject" | "to" | "facts"> = { subject, to, facts };
  const id = await tx.notifications.insert(row);
  if (id !== undefined) await tx.jobs.enqueue({ queue: "notify", id: String(id) });
}
