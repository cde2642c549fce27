/** Commands about how merchants are paid: FSPs and their money, fees, and payouts that have not ended. */
import { currencyDecimals, formatMajor, parseMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import {
  fundFspAccount,
  listOpenPayouts,
  putFsp,
  putGroupFee,
  settleFspDue,
} from "../postgres/payment-admin.ts";
import type { FspBooking } from "../postgres/payment-admin.ts";
import { done, option, UsageError, words } from "./command.ts";
import type { Command, CommandResult, Options } from "./command.ts";
import { table } from "./table.ts";

export const paymentCommands: readonly (readonly [string, Command])[] = [
  [
    "fsp add",
    {
      database: true,
      usage: "fsp add ID NAME",
      summary: "register a financial service provider through which merchants are paid",
      async run({ pool }, args) {
        const [id, name] = words(this.usage, args, 2);
        if (id.length > 20) throw new UsageError(`${id} is longer than 20 characters`);
        await putFsp(pool, { id, name });
        return done(`FSP ${id} is registered. Give its merchants with merchant add … --fsp ${id}.`, { id });
      },
    },
  ],
  [
    "fsp fund",
    {
      database: true,
      usage: "fsp fund ID AMOUNT CURRENCY --reference TEXT",
      summary: "book liquidity that an FSP paid in; one reference is booked once",
      async run({ store }, args, options) {
        const [fspId, amount, currency] = words(this.usage, args, 3);
        const money = moneyOf(amount, currency);
        const reference = required(this.usage, options, "reference");
        const booking = await fundFspAccount(store, { fspId, money, reference });
        return bookingResult(
          booking,
          fspId,
          `${formatMajor(money)} ${currency} are booked as liquidity of ${fspId}.`,
        );
      },
    },
  ],
  [
    "fsp settle",
    {
      database: true,
      usage: "fsp settle ID CURRENCY --reference TEXT --by NAME",
      summary: "what funding owes an FSP was paid back to it: it is its liquidity again",
      async run({ store }, args, options) {
        const [fspId, currency] = words(this.usage, args, 2);
        const reference = required(this.usage, options, "reference");
        const by = required(this.usage, options, "by");
        if (currencyDecimals(currency) === undefined) throw new UsageError(`${currency} is no currency`);
        const booking = await settleFspDue(store, { fspId, currency, reference, by });
        const settled = booking.ok ? formatMajor(booking.money) : "";
        return bookingResult(booking, fspId, `${settled} ${currency} were settled with ${fspId}.`);
      },
    },
  ],
  [
    "group fee",
    {
      database: true,
      usage: "group fee CODE CURRENCY [--fixed AMOUNT] [--percent P]",
      summary: "what a redemption of the group costs the merchant from now on",
      async run({ pool, store }, args, options) {
        const [groupCode, currency] = words(this.usage, args, 2);
        const fixedMinor = moneyOf(option(options, "fixed") ?? "0", currency).amountMinor;
        const basisPoints = basisPointsOf(option(options, "percent") ?? "0");
        if (!(await store.transaction((tx) => tx.registry.voucherGroup(groupCode))))
          throw new UsageError(`There is no voucher group ${groupCode}`);
        await putGroupFee(pool, { groupCode, currency, fixedMinor, basisPoints });
        return done(`Fees of ${groupCode} in ${currency} are set.`, { groupCode, currency, basisPoints });
      },
    },
  ],
  [
    "payouts",
    {
      database: true,
      usage: "payouts",
      summary: "list payouts that are not known to have ended: unknown, owed, or under way",
      async run({ pool }) {
        const payouts = await listOpenPayouts(pool);
        const rows = payouts.map((payout) => [
          payout.claimId,
          formatSerial(payout.serial),
          payout.merchantId,
          formatMajor(payout),
          payout.currency,
          payout.state,
          payout.tries,
          payout.since.toISOString(),
          payout.reason ?? "",
        ]);
        const head = [
          "claim",
          "serial",
          "merchant",
          "amount",
          "currency",
          "state",
          "tries",
          "since",
          "reason",
        ];
        return done(table(head, rows), payouts);
      },
    },
  ],
];

/** What was booked before, or is not due, is no mistake: the command may be given twice. */
function bookingResult(booking: FspBooking, fspId: string, booked: string): CommandResult {
  if (booking.ok) return done(booked, { booked: true, amount: formatMajor(booking.money) });
  const nothing = { booked: false, reason: booking.refusal };
  switch (booking.refusal) {
    case "unknown-fsp":
      throw new UsageError(`There is no FSP ${fspId}; register it with fsp add`);
    case "booked-before":
      return done("This reference was booked before; nothing was booked now.", nothing);
    case "nothing-due":
      return done(`Nothing was booked: nothing is due to ${fspId}.`, nothing);
  }
}

export function moneyOf(amount: string, currency: string): Money {
  const parsed = parseMajor(amount, currency);
  if (!parsed.ok) throw new UsageError(`${amount} ${currency}: ${parsed.refusal.code}`);
  return parsed.money;
}

export function basisPointsOf(percent: string): number {
  if (!/^[0-9]{1,3}(\.[0-9]{1,2})?$/.test(percent) || Number(percent) > 100)
    throw new UsageError(`--percent must be from 0 to 100 with at most two decimals, not ${percent}`);
  const [whole = "0", fraction = ""] = percent.split(".");
  return Number(whole + fraction.padEnd(2, "0"));
}

export function required(usage: string, options: Options, name: string): string {
  const value = option(options, name);
  if (value === null || value.trim() === "")
    throw new UsageError(`--${name} is missing. Usage: paypost ${usage}`);
  return value.trim();
}
