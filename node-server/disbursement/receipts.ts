/** A receipt for each payment: kept with the instruction, and told to the payee where it can be reached. */
import type { Contact } from "../notifications/port.ts";
import { tellOfReceipt } from "../notifications/tell.ts";
import type { DisbursementBatch } from "../ports/disbursement.ts";
import type { ChunkCredit } from "../ports/execution.ts";
import type { Tx } from "../ports/store.ts";
import type { Addresses } from "../addresses.ts";

/** A payee's registered contact is told, or else the phone number that was paid, where the agency wants that. */
export async function giveReceipts(
  tx: Tx,
  addresses: Addresses,
  batch: DisbursementBatch,
  paid: readonly ChunkCredit[],
): Promise<void> {
  const { institutionId, currency } = batch;
  const identities = paid.flatMap(({ payeeIdentity }) => payeeIdentity ?? []);
  const contacts = await tx.notifications.contactsOfPayees(institutionId, identities);
  const language = await tx.execution.receiptLanguage(institutionId);
  const contactOf = ({ payeeIdentity, to }: ChunkCredit): Contact | undefined => {
    const known = contacts.get(payeeIdentity ?? "");
    if (known || language === null || to.kind !== "msisdn") return known;
    return { channel: "sms", address: addresses.ofBatches.open(to.sealed), language };
  };
  const reached = new Map(paid.map((credit) => [credit.line, contactOf(credit)]));
  if ([...reached.values()].every((contact) => contact === undefined)) return;
  const payer = (await tx.registry.institution(institutionId))?.name ?? institutionId;
  const receipts = await tx.execution.receiptsOf(batch.id, [...reached.keys()]);
  const at = await tx.now();
  for (const { line, paidWith, transactionId, narration, amountMinor } of receipts) {
    const contact = reached.get(paidWith ?? line);
    if (!contact) continue;
    const receipt = { transactionId, payer, narration, amountMinor, currency, at: at.toISOString() };
    await tellOfReceipt(tx, `credit:${batch.batchId}:${line}`, contact, receipt);
  }
}
