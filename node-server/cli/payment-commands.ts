/** Commands about who is paid, through whom, and what it costs. */
import { currencyDecimals, formatMajor, parseMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import {
  joinMerchantGroup,
  leaveMerchantGroup,
  putMerchantGroup,
  readMatrix,
  setAcceptedGroups,
} from "../postgres/merchant-group-admin.ts";
import {
  fundFspAccount,
  listOpenPayouts,
  putFsp,
  putGroupFee,
  settleFspDue,
} from "../postgres/payment-admin.ts";
import { listMerchants } from "../postgres/registry-admin.ts";
import { done, option, refuseUnregistered, UsageError, words } from "./command.ts";
import type { Command, Options } from "./command.ts";
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
        const booked = await fundFspAccount(store, { fspId, money, reference });
        const text = booked
          ? `${formatMajor(money)} ${currency} are booked as liquidity of ${fspId}.`
          : `The reference ${reference} was booked before; nothing was booked now.`;
        return done(text, { booked });
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
        const settled = await settleFspDue(store, { fspId, currency, reference, by });
        const text = settled
          ? `${formatMajor(settled)} ${currency} were settled with ${fspId}.`
          : `Nothing was settled: nothing is due to ${fspId} in ${currency}, or ${reference} was booked before.`;
        return done(text, { settled: settled ? formatMajor(settled) : null });
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
  [
    "merchants",
    {
      database: true,
      usage: "merchants",
      summary: "list the merchants: who pays them, where, and whether they can be credited",
      async run({ pool }) {
        const merchants = await listMerchants(pool);
        const rows = merchants.map((merchant) => [
          merchant.id,
          merchant.name,
          merchant.status,
          merchant.fspId ?? "",
          merchant.account ?? "",
          merchant.area ?? "",
          merchant.groups.join(", "),
        ]);
        return done(table(["id", "name", "status", "fsp", "account", "area", "groups"], rows), merchants);
      },
    },
  ],
  [
    "merchant-group add",
    {
      database: true,
      usage: "merchant-group add CODE NAME",
      summary: "make a group of merchants; each merchant has one of its own already",
      async run({ pool }, args) {
        const [code, name] = words(this.usage, args, 2);
        await putMerchantGroup(pool, { code, name });
        return done(`Merchant group ${code} is there.`, { code });
      },
    },
  ],
  [
    "merchant-group join",
    {
      database: true,
      usage: "merchant-group join GROUP MERCHANT",
      summary: "put a merchant into a group",
      async run({ pool }, args) {
        const [group, merchant] = words(this.usage, args, 2);
        const isNew = await joinMerchantGroup(pool, group, merchant).catch(refuseUnregistered);
        return done(isNew ? `${merchant} is in ${group}.` : `${merchant} was in ${group} already.`, {
          group,
        });
      },
    },
  ],
  [
    "merchant-group leave",
    {
      database: true,
      usage: "merchant-group leave GROUP MERCHANT",
      summary: "take a merchant out of a group",
      async run({ pool }, args) {
        const [group, merchant] = words(this.usage, args, 2);
        if (!(await leaveMerchantGroup(pool, group, merchant)))
          throw new UsageError(`${merchant} is not in ${group}`);
        return done(`${merchant} is no longer in ${group}.`, { group, merchant });
      },
    },
  ],
  [
    "merchant-group accept",
    {
      database: true,
      usage: "merchant-group accept GROUP VOUCHER-GROUP[,VOUCHER-GROUP…]",
      summary: "say which voucher groups the merchants of a group may redeem",
      async run({ pool }, args) {
        const [group, list] = words(this.usage, args, 2);
        const accepted = list.split(",").filter((code) => code !== "");
        await setAcceptedGroups(pool, group, accepted).catch(refuseUnregistered);
        return done(`Merchants of ${group} may redeem ${accepted.join(", ")}.`, { group, accepted });
      },
    },
  ],
  [
    "matrix",
    {
      database: true,
      usage: "matrix",
      summary: "which merchant groups may redeem which voucher groups",
      async run({ pool }) {
        const matrix = await readMatrix(pool);
        const columns = [...new Set(matrix.flatMap((row) => row.voucherGroups))].toSorted();
        const rows = matrix.map((row) => [
          row.merchantGroup,
          row.merchants,
          ...columns.map((column) => (row.voucherGroups.includes(column) ? "yes" : "")),
        ]);
        return done(table(["merchant group", "merchants", ...columns], rows), matrix);
      },
    },
  ],
];

function moneyOf(amount: string, currency: string): Money {
  const parsed = parseMajor(amount, currency);
  if (!parsed.ok) throw new UsageError(`${amount} ${currency}: ${parsed.refusal.code}`);
  return parsed.money;
}

function basisPointsOf(percent: string): number {
  if (!/^[0-9]{1,3}(\.[0-9]{1,2})?$/.test(percent) || Number(percent) > 100)
    throw new UsageError(`--percent must be from 0 to 100 with at most two decimals, not ${percent}`);
  const [whole = "0", fraction = ""] = percent.split(".");
  return Number(whole + fraction.padEnd(2, "0"));
}

function required(usage: string, options: Options, name: string): string {
  const value = option(options, name);
  if (value === null || value.trim() === "")
    throw new UsageError(`--${name} is missing. Usage: paypost ${usage}`);
  return value.trim();
}
