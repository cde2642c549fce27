/**
 * The movements of money, each one balanced journal entry. Credits are positive and raise the account's balance;
 * only `external`, where money enters and leaves the system, may be negative.
 */
import type { Money } from "#core/money.ts";

export type AccountKind = "external" | "funding" | "reserved" | "owed" | "merchant";

export interface Account {
  readonly kind: AccountKind;
  /** Group code for `funding` and `reserved`, merchant id for `owed` and `merchant`, a counterparty for `external`. */
  readonly owner: string;
  readonly currency: string;
}

export interface JournalLine {
  readonly account: Account;
  /** Minor units; positive credits, negative debits. */
  readonly amountMinor: bigint;
  /** The voucher whose reserve the line moves. */
  readonly serial?: bigint;
}

export interface JournalEntry {
  /** Derived from what causes the entry, never from chance: the same cause is booked once. */
  readonly idempotencyKey: string;
  readonly kind: string;
  readonly currency: string;
  readonly lines: readonly JournalLine[];
}

export function accountId(account: Account): string {
  return `${account.kind}:${account.owner}:${account.currency}`;
}

/** Money from a donor or treasury becomes a group's funding. */
export function fundGroup(reference: string, groupCode: string, money: Money): JournalEntry {
  return move(
    `fund:${reference}`,
    "fund-group",
    money,
    external(money, "treasury"),
    funding(groupCode, money),
  );
}

/** Funding is set aside for new vouchers, all of one group and currency. */
export function reserveForVouchers(
  key: string,
  groupCode: string,
  currency: string,
  vouchers: readonly { readonly serial: bigint; readonly amountMinor: bigint }[],
): JournalEntry {
  const total = vouchers.reduce((sum, voucher) => sum + voucher.amountMinor, 0n);
  return {
    idempotencyKey: `reserve:${key}`,
    kind: "reserve-voucher",
    currency,
    lines: [
      { account: { kind: "funding", owner: groupCode, currency }, amountMinor: -total },
      ...vouchers.map(({ serial, amountMinor }) => ({
        account: { kind: "reserved", owner: groupCode, currency } as const,
        amountMinor,
        serial,
      })),
    ],
  };
}

interface FundedVoucher extends Money {
  readonly serial: bigint;
  readonly groupCode: string;
}

/** A voucher ends unused: its reserve goes back to the group. A voucher ends so once. */
export function releaseReserve(voucher: FundedVoucher): JournalEntry {
  return {
    idempotencyKey: `release:${voucher.serial}`,
    kind: "release-voucher",
    currency: voucher.currency,
    lines: voucherLines(voucher, reserved(voucher), funding(voucher.groupCode, voucher)),
  };
}

/** A claim takes the voucher: its reserve is owed to the merchant (P1: at most once while the claim lives). */
export function claimReserve(claimId: string, voucher: FundedVoucher, merchantId: string): JournalEntry {
  return {
    idempotencyKey: `claim:${claimId}`,
    kind: "claim-voucher",
    currency: voucher.currency,
    lines: voucherLines(voucher, reserved(voucher), owed(merchantId, voucher)),
  };
}

/** A payout is known to have failed: what was owed is the voucher's reserve again. */
export function returnClaim(claimId: string, voucher: FundedVoucher, merchantId: string): JournalEntry {
  return {
    idempotencyKey: `return:${claimId}`,
    kind: "return-claim",
    currency: voucher.currency,
    lines: [
      { account: owed(merchantId, voucher), amountMinor: -voucher.amountMinor },
      { account: reserved(voucher), amountMinor: voucher.amountMinor, serial: voucher.serial },
    ],
  };
}

/** The merchant is paid what is owed. */
export function payOut(claimId: string, merchantId: string, money: Money): JournalEntry {
  return move(`payout:${claimId}`, "pay-out", money, owed(merchantId, money), {
    kind: "merchant",
    owner: merchantId,
    currency: money.currency,
  });
}

function move(key: string, kind: string, money: Money, from: Account, to: Account): JournalEntry {
  return {
    idempotencyKey: key,
    kind,
    currency: money.currency,
    lines: [
      { account: from, amountMinor: -money.amountMinor },
      { account: to, amountMinor: money.amountMinor },
    ],
  };
}

function voucherLines(voucher: FundedVoucher, from: Account, to: Account): JournalLine[] {
  return [
    { account: from, amountMinor: -voucher.amountMinor, serial: voucher.serial },
    { account: to, amountMinor: voucher.amountMinor },
  ];
}

function external(money: Money, owner: string): Account {
  return { kind: "external", owner, currency: money.currency };
}

function funding(groupCode: string, money: Money): Account {
  return { kind: "funding", owner: groupCode, currency: money.currency };
}

function reserved(voucher: FundedVoucher): Account {
  return { kind: "reserved", owner: voucher.groupCode, currency: voucher.currency };
}

function owed(merchantId: string, money: Money): Account {
  return { kind: "owed", owner: merchantId, currency: money.currency };
}
