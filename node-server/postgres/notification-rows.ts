/** Notifications and the contacts they go to. Money in the facts is text, since JSON has no integers of its size. */
import { sql } from "kysely";
import { parseMajor, formatMajor } from "#core/money.ts";
import type { Contact } from "../notifications/port.ts";
import type { Facts, ReceiptFacts } from "../notifications/templates.ts";
import type { ClaimContacts, NotificationRows } from "../ports/store.ts";
import { isOf } from "./requested-at.ts";
import { keptQuery } from "./kept-query.ts";
import type { Trx } from "./rows.ts";

export function notificationRows(trx: Trx): NotificationRows {
  return {
    async contactsOf(claim) {
      const [contacts] = await contactsOfAll(trx, [claim]);
      if (!contacts) throw new Error(`no merchant ${claim.merchantId}`);
      return contacts;
    },
    contactsOfAll: (claims) => contactsOfAll(trx, claims),
    async contactsOfPayees(institutionId, payeeFunctionalIds) {
      const rows = await trx
        .selectFrom("payee_contacts")
        .selectAll()
        .where("institution_id", "=", institutionId)
        .where("payee_functional_id", "=", sql<string>`any(${payeeFunctionalIds}::text[])`)
        .execute();
      return new Map(
        rows.map(({ payee_functional_id: id, channel, address, language }) => [
          id,
          { channel, address, language },
        ]),
      );
    },
    async insert({ subject, to, facts }) {
      const inserted = await trx
        .insertInto("notifications")
        .values({ kind: facts.kind, subject, ...to, facts: JSON.stringify(storedFacts(facts)) })
        .onConflict((conflict) => conflict.columns(["kind", "subject"]).doNothing())
        .returning("id")
        .executeTakeFirst();
      return inserted?.id;
    },
    async find(id) {
      const row = await trx.selectFrom("notifications").selectAll().where("id", "=", id).executeTakeFirst();
      return (
        row && {
          id: row.id,
          subject: row.subject,
          to: { channel: row.channel, address: row.address, language: row.language },
          facts: readFacts(row.facts as StoredFacts),
          state: row.state,
          tries: row.tries,
          requestedAt: row.requested_at,
        }
      );
    },
    async recordTry({ id, requestedAt }, state, error) {
      const result = await trx
        .updateTable("notifications")
        .set({ state, last_error: error, tries: sql`tries + 1`, last_tried_at: sql`clock_timestamp()` })
        .where("id", "=", id)
        .where("state", "<>", "sent")
        .where(isOf(requestedAt))
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async eraseAddresses(before) {
      const result = await trx
        .updateTable("notifications")
        .set({ address: "" })
        .where("requested_at", "<", before)
        .where("state", "<>", "waiting")
        .where("address", "<>", "")
        .executeTakeFirst();
      return Number(result.numUpdatedRows);
    },
    async forgotten(limit) {
      const rows = await trx
        .selectFrom("notifications")
        .select("id")
        .where("state", "=", "waiting")
        .where("last_tried_at", "is", null)
        .where("requested_at", "<", sql<Date>`clock_timestamp() - interval '20 seconds'`)
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },
  };
}

const merchantContacts = keptQuery((trx, merchantIds: readonly string[]) =>
  trx
    .selectFrom("merchants")
    .leftJoin("merchant_contacts as contact", "contact.merchant_id", "merchants.id")
    .select(["merchants.id", "merchants.name", "contact.channel", "contact.address", "contact.language"])
    .where(sql<boolean>`merchants.id = any(${merchantIds}::text[])`),
);

const payeeContacts = keptQuery((trx, serials: readonly bigint[]) =>
  trx
    .selectFrom("vouchers")
    .innerJoin("voucher_batches as batch", "batch.id", "vouchers.batch")
    .innerJoin("voucher_instructions as instruction", (join) =>
      join.onRef("instruction.batch", "=", "vouchers.batch").onRef("instruction.line", "=", "vouchers.line"),
    )
    .innerJoin("payee_contacts as contact", (join) =>
      join
        .onRef("contact.institution_id", "=", "batch.institution_id")
        .onRef("contact.payee_functional_id", "=", "instruction.payee_functional_id"),
    )
    .select(["vouchers.serial", "contact.channel", "contact.address", "contact.language"])
    .where(sql<boolean>`vouchers.serial = any(${serials}::bigint[])`),
);

async function contactsOfAll(
  trx: Trx,
  claims: Parameters<NotificationRows["contactsOfAll"]>[0],
): Promise<ClaimContacts[]> {
  const merchantIds = claims.map(({ merchantId }) => merchantId);
  const { rows: merchants } = await merchantContacts(trx, merchantIds);
  const serials = claims.map(({ serial }) => serial);
  const { rows: payees } = await payeeContacts(trx, serials);
  const merchantById = new Map(merchants.map((merchant) => [merchant.id, merchant]));
  const payeeBySerial = new Map(payees.map((payee) => [payee.serial, payee]));
  return claims.map(({ merchantId, serial }) => {
    const merchant = merchantById.get(merchantId);
    if (!merchant) throw new Error(`no merchant ${merchantId}`);
    const payee = payeeBySerial.get(serial);
    return {
      merchant: { name: merchant.name, contact: contact(merchant) },
      payee: payee && contact(payee),
    };
  });
}

function contact(row: {
  channel: Contact["channel"] | null;
  address: string | null;
  language: Contact["language"] | null;
}): Contact | undefined {
  const { channel, address, language } = row;
  return channel && address && language ? { channel, address, language } : undefined;
}

type StoredFacts =
  | Extract<Facts, { readonly kind: "operator-alert" }>
  | {
      readonly kind: "payment-received";
      readonly receipt: Omit<ReceiptFacts, "amountMinor"> & { readonly amount: string };
    }
  | {
      readonly kind: "voucher-redeemed" | "merchant-paid";
      readonly redemption: {
        readonly serial: string;
        readonly amount: string;
        readonly fee: string;
        readonly currency: string;
        readonly merchant: string;
        readonly transactionId: string;
      };
    };

function storedFacts(facts: Facts): StoredFacts {
  if (facts.kind === "operator-alert") return facts;
  if (facts.kind === "payment-received") {
    const { amountMinor, ...receipt } = facts.receipt;
    const amount = formatMajor({ amountMinor, currency: receipt.currency });
    return { kind: facts.kind, receipt: { ...receipt, amount } };
  }
  const { serial, amountMinor, feeMinor, ...redemption } = facts.redemption;
  const text = (minor: bigint) => formatMajor({ amountMinor: minor, currency: redemption.currency });
  const money = { amount: text(amountMinor), fee: text(feeMinor) };
  return { kind: facts.kind, redemption: { ...redemption, ...money, serial: String(serial) } };
}

function readFacts(stored: StoredFacts): Facts {
  if (stored.kind === "operator-alert") return stored;
  if (stored.kind === "payment-received") {
    const { amount, ...receipt } = stored.receipt;
    return {
      kind: stored.kind,
      receipt: { ...receipt, amountMinor: readMinor(amount, receipt.currency) },
    };
  }
  const { serial, amount, fee, ...redemption } = stored.redemption;
  const money = {
    amountMinor: readMinor(amount, redemption.currency),
    feeMinor: readMinor(fee, redemption.currency),
  };
  return { kind: stored.kind, redemption: { ...redemption, ...money, serial: BigInt(serial) } };
}

function readMinor(amount: string, currency: string): bigint {
  const parsed = parseMajor(amount, currency);
  if (!parsed.ok) throw new Error(`a stored amount cannot be read: ${parsed.refusal.code}`);
  return parsed.money.amountMinor;
}
