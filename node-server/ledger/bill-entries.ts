/** The movements of money for bills: held for the biller until it answers, then credited to it or given back. */
import type { Money } from "#core/money.ts";
import { external, move, reserved } from "./entries.ts";
import type { Account, FundedVoucher, JournalEntry, JournalLine } from "./entries.ts";

/** Where a bill's money comes from, and goes back to. */
export type BillMoneySource =
  /** The payer FI has it from its customer, and settles with the biller. */
  | { readonly means: "account"; readonly payerFiId: string }
  | { readonly means: "voucher"; readonly voucher: FundedVoucher }
  /** An agent took it: out of the float that it paid in, and beyond that as its debt. */
  | { readonly means: "cash"; readonly merchantId: string; readonly debtMinor: bigint };

export interface BillMoney {
  readonly paymentId: bigint;
  readonly billerId: string;
  readonly money: Money;
  readonly source: BillMoneySource;
}

export function holdForBiller(bill: BillMoney): JournalEntry {
  return entryOf(`bill-hold:${bill.paymentId}`, "hold-bill-payment", bill, 1n);
}

/** A biller has acknowledged a payment: it is owed the money. */
export function creditBiller({ paymentId, billerId, money }: Omit<BillMoney, "source">): JournalEntry {
  const biller = { kind: "biller", owner: billerId, currency: money.currency } as const;
  return move(`bill-credit:${paymentId}`, "credit-biller", money, held(billerId, money), biller);
}

/** A biller has rejected a payment: its money goes back to where it came from. */
export function returnFromBiller(bill: BillMoney): JournalEntry {
  return entryOf(`bill-return:${bill.paymentId}`, "return-bill-payment", bill, -1n);
}

/** An agent pays in: what it owes is settled first, the rest is its float. */
export function fundFloat(
  reference: string,
  merchantId: string,
  money: Money,
  debtMinor: bigint,
): JournalEntry {
  const { currency, amountMinor } = money;
  const settled = debtMinor < amountMinor ? debtMinor : amountMinor;
  const lines = [
    { account: external(money, `agent-${merchantId}`), amountMinor: -amountMinor },
    { account: agentDebt(merchantId, money), amountMinor: settled },
    { account: floatOf(merchantId, money), amountMinor: amountMinor - settled },
  ];
  return {
    idempotencyKey: `fund-float:${merchantId}:${reference}`,
    kind: "fund-float",
    currency,
    lines: lines.filter((line) => line.amountMinor !== 0n),
  };
}

export function floatOf(merchantId: string, { currency }: Money): Account {
  return { kind: "float", owner: merchantId, currency };
}

/** Negative by what the agent owes. */
export function agentDebt(merchantId: string, money: Money): Account {
  return external(money, `agent-debt-${merchantId}`);
}

/** `direction`: 1 out of the source, -1 back into it. */
function entryOf(
  key: string,
  kind: string,
  { billerId, money, source }: BillMoney,
  direction: 1n | -1n,
): JournalEntry {
  const lines = [
    ...sourceLines(source, money),
    { account: held(billerId, money), amountMinor: money.amountMinor },
  ];
  return {
    idempotencyKey: key,
    kind,
    currency: money.currency,
    lines: lines.map((line) => ({ ...line, amountMinor: direction * line.amountMinor })),
  };
}

function sourceLines(source: BillMoneySource, money: Money): JournalLine[] {
  const { amountMinor } = money;
  switch (source.means) {
    case "account":
      return [{ account: external(money, `payer-fi-${source.payerFiId}`), amountMinor: -amountMinor }];
    case "voucher": {
      const { voucher } = source;
      return [{ account: reserved(voucher), amountMinor: -amountMinor, serial: voucher.serial }];
    }
    case "cash": {
      const { merchantId, debtMinor } = source;
      const lines = [
        { account: floatOf(merchantId, money), amountMinor: debtMinor - amountMinor },
        { account: agentDebt(merchantId, money), amountMinor: -debtMinor },
      ];
      return lines.filter((line) => line.amountMinor !== 0n);
    }
  }
}

function held(billerId: string, money: Money): Account {
  return { kind: "billHeld", owner: billerId, currency: money.currency };
}
