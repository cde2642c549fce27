/** Commands about what payer FIs and billers settle (docs/bills.md). */
import { readFile } from "node:fs/promises";
import { isDate } from "#core/local-date.ts";
import { formatMajor, parseMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { reconcile } from "../bills/reconcile.ts";
import type { ReconciledPayment } from "../bills/reconcile.ts";
import { toCsv } from "../csv.ts";
import { settlementReports } from "../postgres/settlement-report.ts";
import { csvRows } from "../read-csv.ts";
import { done, option, UsageError, words } from "./command.ts";
import type { Command } from "./command.ts";
import { table } from "./table.ts";

export const settlementCommands: readonly (readonly [string, Command])[] = [
  [
    "settlement",
    {
      database: true,
      usage: "settlement DATE [--institution ID] [--csv]",
      summary:
        "what billers are owed for the payments that they acknowledged on a day of their calendar, by payer and currency",
      async run({ pool }, args, options) {
        const [date] = words(this.usage, args, 1);
        const rows = await settlementReports(pool).totals(dateOf(date), option(options, "institution"));
        const cells = rows.map((row) => [
          row.billerId,
          row.payer,
          row.means,
          row.payments,
          row.currency,
          formatMajor(row),
        ]);
        const head = ["biller", "payer", "means", "payments", "currency", "amount"];
        return done(options["csv"] === true ? toCsv([head, ...cells]).trimEnd() : table(head, cells), rows);
      },
    },
  ],
  [
    "settlement reconcile",
    {
      database: true,
      usage: "settlement reconcile DATE INSTITUTION FILE",
      summary:
        "compare a day's payments with a biller's or payer FI's own list: a CSV with paymentReferenceID, billId, amount and currency",
      async run({ pool }, args) {
        const [date, institution, path] = words(this.usage, args, 3);
        const there = await readList(path);
        const here = await settlementReports(pool).payments(dateOf(date), institution);
        const result = reconcile(here, there);
        const rows = [
          ...result.onlyHere.map((payment) => ["only here", ...cellsOf(payment)]),
          ...result.onlyThere.map((payment) => ["only there", ...cellsOf(payment)]),
          ...result.differing.map((pair) => [
            "differs",
            ...cellsOf(pair.here),
            `there ${moneyText(pair.there)}`,
          ]),
        ];
        const head = ["", "reference", "bill", "amount", ""];
        const text = `${result.matched} payments match, ${rows.length} do not.`;
        return done(rows.length === 0 ? text : `${text}\n${table(head, rows)}`, result);
      },
    },
  ],
];

async function readList(path: string): Promise<ReconciledPayment[]> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new UsageError(`${path} cannot be read`);
  });
  const payments: ReconciledPayment[] = [];
  let columns: readonly string[] | undefined;
  for await (const { line, cells } of csvRows(pieces(text))) {
    if (columns) payments.push(paymentOf(columns, cells, line));
    else columns = cells.map((name) => name.trim().toLowerCase());
  }
  return payments;
}

async function* pieces(text: string): AsyncGenerator<string> {
  yield text.replace(/^\uFEFF/, "");
}

function paymentOf(columns: readonly string[], cells: readonly string[], line: number): ReconciledPayment {
  const cell = (name: string) => cells[columns.indexOf(name.toLowerCase())]?.trim() ?? "";
  const parsed = parseMajor(cell("amount"), cell("currency"));
  const reference = cell("paymentReferenceID");
  const billId = cell("billId");
  if (!parsed.ok || reference === "" || billId === "")
    throw new UsageError(`line ${line} needs paymentReferenceID, billId, amount and currency`);
  return { reference, billId, ...parsed.money };
}

function cellsOf(payment: ReconciledPayment): string[] {
  return [payment.reference, payment.billId, moneyText(payment)];
}

function moneyText(money: Money): string {
  return `${formatMajor(money)} ${money.currency}`;
}

function dateOf(text: string): string {
  if (!isDate(text)) throw new UsageError(`${text} is no day: write YYYY-MM-DD`);
  return text;
}
