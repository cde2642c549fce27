/** Commands about agents who take cash for bills: billers, floats, and money to give back (docs/bills.md). */
import { formatMajor, parseMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { agentDebt, fundFloat } from "../ledger/bill-entries.ts";
import { accountId } from "../ledger/entries.ts";
import {
  listFloats,
  listRefunds,
  markRefunded,
  putAgentBiller,
  removeAgentBiller,
} from "../postgres/agent-admin.ts";
import { done, nameOf, option, refuseUnregistered, UsageError, words } from "./command.ts";
import type { Command } from "./command.ts";
import { table } from "./table.ts";

export const agentCommands: readonly (readonly [string, Command])[] = [
  [
    "agent link",
    {
      database: true,
      usage: "agent link MERCHANT BILLER [--area TEXT]",
      summary: "let a merchant's tills take payments for a biller, and see its bills (those of an area)",
      async run({ pool }, args, options) {
        const [merchantId, billerId] = words(this.usage, args, 2);
        const area = option(options, "area");
        await putAgentBiller(pool, { merchantId, billerId, area }).catch(refuseUnregistered);
        return done(`${merchantId} takes payments for ${billerId}.`, { merchantId, billerId, area });
      },
    },
  ],
  [
    "agent unlink",
    {
      database: true,
      usage: "agent unlink MERCHANT BILLER",
      summary: "a merchant's tills take no more payments for a biller",
      async run({ pool }, args) {
        const [merchantId, billerId] = words(this.usage, args, 2);
        if (!(await removeAgentBiller(pool, { merchantId, billerId })))
          throw new UsageError(`${merchantId} takes no payments for ${billerId}`);
        return done(`${merchantId} takes no more payments for ${billerId}.`, { merchantId, billerId });
      },
    },
  ],
  [
    "float fund",
    {
      database: true,
      usage: "float fund MERCHANT AMOUNT CURRENCY --reference TEXT",
      summary:
        "book what an agent paid in: its debt first, the rest is its float; one reference is booked once",
      async run({ store }, args, options) {
        const [merchantId, amount, currency] = words(this.usage, args, 3);
        const reference = option(options, "reference")?.trim();
        if (!reference) throw new UsageError(`--reference is missing. Usage: paypost ${this.usage}`);
        const parsed = parseMajor(amount, currency);
        if (!parsed.ok || parsed.money.amountMinor <= 0n)
          throw new UsageError(`${amount} is no amount in ${currency}`);
        const { money } = parsed;
        const booked = await store.transaction(async (tx) => {
          if (!(await tx.registry.merchant(merchantId)))
            throw new UsageError(`There is no merchant ${merchantId}`);
          const debtMinor = -(await tx.ledger.lockBalance(accountId(agentDebt(merchantId, money))));
          await tx.audit.record({
            actor: "operator",
            action: "float.fund",
            subject: `merchant:${merchantId}`,
            after: { amount, currency, reference },
          });
          return tx.ledger.post(fundFloat(reference, merchantId, money, debtMinor));
        });
        const text = booked
          ? `${moneyText(money)} are booked for ${merchantId}.`
          : `The reference ${reference} was booked before; nothing was booked again.`;
        return done(text, { merchantId, booked });
      },
    },
  ],
  [
    "floats",
    {
      database: true,
      usage: "floats",
      summary: "what agents have paid in for the cash that they take, and what they owe beyond it",
      async run({ pool }) {
        const floats = await listFloats(pool);
        const rows = floats.map(({ merchantId, currency, floatMinor, debtMinor }) => [
          merchantId,
          currency,
          formatMajor({ amountMinor: floatMinor, currency }),
          formatMajor({ amountMinor: debtMinor, currency }),
        ]);
        return done(table(["agent", "currency", "float", "owes"], rows), floats);
      },
    },
  ],
  [
    "refunds",
    {
      database: true,
      usage: "refunds [--all]",
      summary: "cash that agents took and that pays nothing: who gives back what, since when, and why",
      async run({ pool }, _args, options) {
        const refunds = await listRefunds(pool, options["all"] === true);
        const rows = refunds.map((refund) => [
          refund.paymentId,
          refund.merchantId,
          refund.billId,
          moneyText(refund),
          refund.listedAt.toISOString(),
          refund.reference,
          refund.reason ?? "",
          refund.firstReference ?? "",
          refund.refundedBy ?? "",
        ]);
        const head = ["id", "agent", "bill", "amount", "since", "receipt", "why", "paid by", "given back by"];
        return done(table(head, rows), refunds);
      },
    },
  ],
  [
    "refund done",
    {
      database: true,
      usage: "refund done ID --by NAME",
      summary: "write down that the citizen has the money back",
      async run({ pool }, args, options) {
        const [id] = words(this.usage, args, 1);
        const by = nameOf(this.usage, options);
        if (!/^[1-9][0-9]{0,17}$/.test(id) || !(await markRefunded(pool, BigInt(id), by)))
          throw new UsageError(`There is no open refund ${id}; see refunds`);
        return done(`Refund ${id} is done.`, { id });
      },
    },
  ],
];

function moneyText(money: Money): string {
  return `${formatMajor(money)} ${money.currency}`;
}
