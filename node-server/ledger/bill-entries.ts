/** The movements of money for bills: held for the biller until it answers, then credited to it or given back. */
import type { Money } from "#core/money.ts";
import { external, move, reserved } from "./entries.ts";
import type { Account, FundedVoucher, JournalEntry } from "./entries.ts";

/** Where a bill's money comes from, and goes back to. */
export type BillMoneySource =
  /** The payer FI has it from its customer, and settles with the biller. */
  | { readonly means: "account"; readonly payerFiId: string }
  | { readonly means: "voucher"; readonly voucher: FundedVoucher };

export interface BillMoney {
  readonly paymentId: bigint;
  readonly billerId: string;
  readonly money: Money;
  readonly source: BillMoneySource;
}

export function holdForBiller(bill: BillMoney): JournalEntry {
  return withSource(`bill-hold:${bill.paymentId}`, "hold-bill-payment", bill, "out");
}

/** A biller has acknowledged a payment: it is owed the money. */
export function creditBiller({ paymentId, billerId, money }: Omit<BillMoney, "source">): JournalEntry {
  const biller = { kind: "biller", owner: billerId, currency: money.currency } as const;
  return move(`bill-credit:${paymentId}`, "credit-biller", money, held(billerId, money), biller);
}

/** A biller has rejected a payment: its money goes back to where it came from. */
export function returnFromBiller(bill: BillMoney): JournalEntry {
  return withSource(`bill-return:${bill.paymentId}`, "return-bill-payment", bill, "back");
}

function withSource(
  key: string,
  kind: string,
  { billerId, money, source }: BillMoney,
  direction: "out" | "back",
): JournalEntry {
  const account = sourceAccount(source, money);
  const [from, to] =
    direction === "out" ? [account, held(billerId, money)] : [held(billerId, money), account];
  const entry = move(key, kind, money, from, to);
  if (source.means !== "voucher") return entry;
  const { serial } = source.voucher;
  return {
    ...entry,
    lines: entry.lines.map((line) => (line.account.kind === "reserved" ? { ...line, serial } : line)),
  };
}

function sourceAccount(source: BillMoneySource, money: Money): Account {
  switch (source.means) {
    case "account":
      return external(money, `payer-fi-${source.payerFiId}`);
    case "voucher":
      return reserved(source.voucher);
  }
}

function held(billerId: string, money: Money): Account {
  return { kind: "billHeld", owner: billerId, currency: money.currency };
}
