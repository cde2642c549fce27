/** Reports: what the command line's `stock`, `budgets`, `take-up`, `unused-leases`, `settlement` and `books` tell, and fees. */
import { z } from "zod";
import {
  accountReport,
  budgetReport,
  feeReport,
  payoutReport,
  settlementReport,
  stockReport,
  takeUpReport,
  unusedLeaseReport,
} from "../../postgres/console/report-lists.ts";
import { list } from "../action.ts";
import { count, moment, money, shownMoment, shownMoney, shownSerial } from "../shown.ts";

const stock = z.object({
  group: z.string(),
  currency: z.string(),
  state: z.string(),
  quantity: count,
  value: money,
});

const budget = z.object({
  programme: z.string(),
  group: z.string(),
  currency: z.string(),
  limit: money,
  used: money,
  redeemed: money,
  left: money,
});

const takeUp = z.object({
  programme: z.string(),
  group: z.string(),
  currency: z.string(),
  /** Of the merchant that redeemed; null for what is not redeemed. */
  area: z.string().nullable(),
  issued: count,
  activated: count,
  redeemed: count,
  expired: count,
  redeemedValue: money,
});

const unusedLease = z.object({
  serial: z.string(),
  amount: money,
  merchant: z.string(),
  node: z.string(),
  grantedAt: moment,
  endsAt: moment,
  lastContact: moment.nullable(),
});

const settlement = z.object({
  day: z.string(),
  biller: z.string(),
  payer: z.string(),
  means: z.string(),
  payments: count,
  amount: money,
});

const payouts = z.object({
  day: z.string(),
  merchant: z.string(),
  fsp: z.string().nullable(),
  payouts: count,
  amount: money,
  fee: money,
  paid: money,
});

const fees = z.object({
  month: z.string(),
  kind: z.enum(["redemption", "disbursement"]),
  owner: z.string(),
  payments: count,
  amount: money,
  fee: money,
});

const account = z.object({
  kind: z.string(),
  owner: z.string(),
  balance: money,
  journal: money,
  /** What the vouchers, claims and payments add up to that it stands for. */
  rows: money.nullable(),
  isWrong: z.boolean(),
});

export const reportActions = {
  stock: list(stockReport, stock, (row) => ({
    group: row.groupCode,
    currency: row.currency,
    state: row.state,
    quantity: Number(row.quantity),
    value: shownMoney(row),
  })),
  budgets: list(budgetReport, budget, ({ programId, groupCode, currency, ...row }) => {
    const { limitMinor, usedMinor, redeemedMinor } = row;
    return {
      programme: programId,
      group: groupCode,
      currency,
      limit: shownMoney({ amountMinor: limitMinor, currency }),
      used: shownMoney({ amountMinor: usedMinor, currency }),
      redeemed: shownMoney({ amountMinor: redeemedMinor, currency }),
      left: shownMoney({ amountMinor: limitMinor - usedMinor, currency }),
    };
  }),
  takeUp: list(takeUpReport, takeUp, ({ programId, groupCode, currency, area, redeemedMinor, ...row }) => ({
    programme: programId,
    group: groupCode,
    currency,
    area,
    issued: Number(row.issued),
    activated: Number(row.activated),
    redeemed: Number(row.redeemed),
    expired: Number(row.expired),
    redeemedValue: shownMoney({ amountMinor: redeemedMinor, currency }),
  })),
  unusedLeases: list(
    unusedLeaseReport,
    unusedLease,
    (row) => ({
      serial: shownSerial(row.serial),
      amount: shownMoney(row),
      merchant: row.merchantId,
      node: row.nodeName,
      grantedAt: shownMoment(row.grantedAt),
      endsAt: shownMoment(row.notAfter),
      lastContact: shownMoment(row.lastContactAt),
    }),
    { audited: true },
  ),
  settlements: list(settlementReport, settlement, (row) => ({
    day: row.day,
    biller: row.billerId,
    payer: row.payer,
    means: row.means,
    payments: Number(row.payments),
    amount: shownMoney(row),
  })),
  payouts: list(payoutReport, payouts, ({ amountMinor, feeMinor, currency, ...row }) => ({
    day: row.day,
    merchant: row.merchantId,
    fsp: row.fspId,
    payouts: Number(row.payouts),
    amount: shownMoney({ amountMinor, currency }),
    fee: shownMoney({ amountMinor: feeMinor, currency }),
    paid: shownMoney({ amountMinor: amountMinor - feeMinor, currency }),
  })),
  fees: list(feeReport, fees, ({ currency, feeMinor, ...row }) => ({
    month: row.month,
    kind: row.kind,
    owner: row.owner,
    payments: Number(row.payments),
    amount: shownMoney({ amountMinor: row.amountMinor, currency }),
    fee: shownMoney({ amountMinor: feeMinor, currency }),
  })),
  accounts: list(accountReport, account, ({ currency, ...row }) => ({
    kind: row.kind,
    owner: row.owner,
    balance: shownMoney({ amountMinor: row.amountMinor, currency }),
    journal: shownMoney({ amountMinor: row.journalMinor, currency }),
    rows: row.rowsMinor === null ? null : shownMoney({ amountMinor: row.rowsMinor, currency }),
    isWrong: row.isWrong,
  })),
};
