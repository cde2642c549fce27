/** Commands that report: stock, budgets, take-up, unused leases; and the levels that are watched. */
import { formatMajor, parseMajor } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import { toCsv } from "../csv.ts";
import { setBudget } from "../postgres/budget-admin.ts";
import {
  readBudgets,
  readStock,
  readTakeUp,
  readUnusedLeases,
  setRestockLevel,
} from "../postgres/report-rows.ts";
import { done, option, refuseUnregistered, UsageError, wholeNumber, words } from "./command.ts";
import type { Command, CommandResult, Options } from "./command.ts";
import { table } from "./table.ts";

export const reportCommands: readonly (readonly [string, Command])[] = [
  [
    "stock",
    {
      database: true,
      usage: "stock [--csv]",
      summary: "vouchers per group, currency and state: quantity and value",
      async run({ pool }, _args, options) {
        const stock = await readStock(pool, null);
        const rows = stock.map((row) => [
          row.groupCode,
          row.currency,
          row.state,
          row.quantity,
          formatMajor(row),
        ]);
        return report(options, ["group", "currency", "state", "quantity", "value"], rows, stock);
      },
    },
  ],
  [
    "restock-level set",
    {
      database: true,
      usage: "restock-level set GROUP CURRENCY [--funding AMOUNT] [--vouchers N]",
      summary:
        "alert when a group's free funding or its usable vouchers lie below this; none to stop watching",
      async run({ pool }, args, options) {
        const [groupCode, currency] = words(this.usage, args, 2);
        const funding = option(options, "funding");
        const vouchers = option(options, "vouchers");
        await setRestockLevel(pool, {
          groupCode,
          currency,
          leastFundingMinor: funding === null ? null : minorOf(funding, currency),
          leastVouchers: vouchers === null ? null : wholeNumber(vouchers, "--vouchers"),
        }).catch(refuseUnregistered);
        return done(`The levels of ${groupCode} in ${currency} are set.`, { groupCode, currency });
      },
    },
  ],
  [
    "budget set",
    {
      database: true,
      usage: "budget set PROGRAM GROUP AMOUNT CURRENCY",
      summary: "how much a programme may put into vouchers of a group",
      async run({ pool }, args) {
        const [programId, groupCode, amount, currency] = words(this.usage, args, 4);
        const limitMinor = minorOf(amount, currency);
        await setBudget(pool, { programId, groupCode, currency, limitMinor }).catch(refuseUnregistered);
        return done(`${programId} may put ${amount} ${currency} into ${groupCode}.`, {
          programId,
          groupCode,
        });
      },
    },
  ],
  [
    "budgets",
    {
      database: true,
      usage: "budgets [--csv]",
      summary: "each budget: its limit, what is used and redeemed of it, and what is left",
      async run({ pool }, _args, options) {
        const budgets = await readBudgets(pool);
        const rows = budgets.map(
          ({ programId, groupCode, currency, limitMinor, usedMinor, redeemedMinor }) => [
            programId,
            groupCode,
            currency,
            ...[limitMinor, usedMinor, redeemedMinor, limitMinor - usedMinor].map((amountMinor) =>
              formatMajor({ amountMinor, currency }),
            ),
          ],
        );
        const head = ["programme", "group", "currency", "limit", "used", "redeemed", "left"];
        return report(options, head, rows, budgets);
      },
    },
  ],
  [
    "take-up",
    {
      database: true,
      usage: "take-up [--program ID] [--csv]",
      summary: "issued, activated, redeemed and expired by programme, group and the merchant's area",
      async run({ pool }, _args, options) {
        const takeUp = await readTakeUp(pool, option(options, "program"));
        const rows = takeUp.map((row) => [
          row.programId,
          row.groupCode,
          row.currency,
          row.area ?? "",
          row.issued,
          row.activated,
          row.redeemed,
          row.expired,
          formatMajor({ amountMinor: row.redeemedMinor, currency: row.currency }),
        ]);
        const counts = ["issued", "activated", "redeemed", "expired", "redeemed value"];
        return report(options, ["programme", "group", "currency", "area", ...counts], rows, takeUp);
      },
    },
  ],
  [
    "unused-leases",
    {
      database: true,
      usage: "unused-leases [--days N] [--csv]",
      summary:
        "open leases granted at least N days ago (7): who holds what, until when, and was last heard of when",
      async run({ pool }, _args, options) {
        const leases = await readUnusedLeases(pool, wholeNumber(option(options, "days") ?? "7", "--days"));
        const rows = leases.map((lease) => [
          formatSerial(lease.serial),
          formatMajor(lease),
          lease.currency,
          lease.merchantId,
          lease.nodeName,
          lease.grantedAt.toISOString(),
          lease.notAfter.toISOString(),
          lease.lastContactAt?.toISOString() ?? "never",
        ]);
        const head = ["serial", "amount", "currency", "merchant", "node", "granted", "ends", "last contact"];
        return report(options, head, rows, leases);
      },
    },
  ],
];

function report(
  options: Options,
  head: readonly string[],
  rows: readonly (readonly (string | number | bigint)[])[],
  data: unknown,
): CommandResult {
  return done(options["csv"] === true ? toCsv([head, ...rows]).trimEnd() : table(head, rows), data);
}

function minorOf(amount: string, currency: string): bigint {
  const parsed = parseMajor(amount, currency);
  if (!parsed.ok) throw new UsageError(`${amount} ${currency}: ${parsed.refusal.code}`);
  return parsed.money.amountMinor;
}
