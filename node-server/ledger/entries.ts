/**
 * The movements of money, each one balanced journal entry. Credits are positive and raise the account's balance;
 * only `external`, where money enters and leaves the system, may be negative.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Money } from "#core/money.ts";

export type AccountKind =
  | "external"
  | "funding"
  | "reserved"
  | "owed"
  | "merchant"
  /** Liquidity that an FSP paid in. */
  | "fsp"
  /** The part of it that claims hold. */
  | "fspHeld"
  /** What funding owes an FSP back for the merchants that it paid. */
  | "fspDue"
  | "fees"
  /** What a group's disputes are paid out of. */
  | "guarantee"
  /** Money of bill payments that a biller has not answered yet. */
  | "billHeld"
  /** What a biller is owed for payments that it acknowledged. */
  | "biller"
  /** What an agent paid in for the cash that it takes for bills. */
  | "float"
  /** What a disbursing institution keeps with us. */
  | "agency"
  /** What is held for a disbursement batch, by its number. */
  | "disbursement"
  /** What a payee keeps with us: paid through the built-in ledger, by the blind index of its address. */
  | "payee";

export interface Account {
  readonly kind: AccountKind;
  /** Group code, merchant, FSP, biller or institution id, as the kind says; a counterparty for `external`, `paypost` for `fees`. */
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

export interface FundedVoucher extends Money {
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

/** How a claim is paid out, as agreed when it was made. */
export interface PayoutTerms {
  readonly claimId: string;
  readonly merchantId: string;
  readonly fspId: string | null;
  readonly feeMinor: bigint;
}

/**
 * A claim takes the voucher: its reserve is owed to the merchant (P1: at most once while the claim lives). With
 * `holdsLiquidity` the FSP's part is held in the same entry.
 */
export function claimReserve(
  voucher: FundedVoucher,
  terms: PayoutTerms,
  holdsLiquidity: boolean,
): JournalEntry {
  return {
    idempotencyKey: `claim:${terms.claimId}`,
    kind: "claim-voucher",
    currency: voucher.currency,
    lines: [
      ...voucherLines(voucher, reserved(voucher), owed(terms.merchantId, voucher)),
      ...(holdsLiquidity ? holdLines(voucher, terms) : []),
    ],
  };
}

/** The FSP's liquidity is held for a claim that was made without it. */
export function holdLiquidity(money: Money, terms: PayoutTerms): JournalEntry {
  return {
    idempotencyKey: `hold:${terms.claimId}`,
    kind: "hold-liquidity",
    currency: money.currency,
    lines: holdLines(money, terms),
  };
}

/** A payout is known to have failed: what was owed is the voucher's reserve again, and the FSP's liquidity free. */
export function returnClaim(voucher: FundedVoucher, terms: PayoutTerms): JournalEntry {
  return {
    idempotencyKey: `return:${terms.claimId}`,
    kind: "return-claim",
    currency: voucher.currency,
    lines: [
      { account: owed(terms.merchantId, voucher), amountMinor: -voucher.amountMinor },
      { account: reserved(voucher), amountMinor: voucher.amountMinor, serial: voucher.serial },
      ...reversed(holdLines(voucher, terms)),
    ],
  };
}

/**
 * The merchant is paid what is owed, less the fee. An FSP pays out of the liquidity held for the claim, and the funding
 * that was owed is due to the FSP instead.
 */
export function payOut(money: Money, terms: PayoutTerms): JournalEntry {
  const { currency, amountMinor } = money;
  const { merchantId, fspId, feeMinor } = terms;
  const credits = [
    { account: { kind: "merchant", owner: merchantId, currency }, amountMinor: amountMinor - feeMinor },
    { account: { kind: "fees", owner: "paypost", currency }, amountMinor: feeMinor },
  ] satisfies JournalLine[];
  const throughFsp: JournalLine[] =
    fspId === null
      ? []
      : [
          { account: { kind: "fspHeld", owner: fspId, currency }, amountMinor: -amountMinor },
          { account: { kind: "fspDue", owner: fspId, currency }, amountMinor },
        ];
  return {
    idempotencyKey: `payout:${terms.claimId}`,
    kind: "pay-out",
    currency,
    lines: [
      { account: owed(merchantId, money), amountMinor: -amountMinor },
      ...throughFsp,
      ...credits.filter((line) => line.amountMinor !== 0n),
    ],
  };
}

/** Money from a donor or treasury is set aside for a group's disputes. */
export function fundGuarantee(reference: string, groupCode: string, money: Money): JournalEntry {
  const from = external(money, "treasury");
  return move(
    `fund-guarantee:${groupCode}:${reference}`,
    "fund-guarantee",
    money,
    from,
    guarantee(groupCode, money),
  );
}

/** A merchant is paid what is guaranteed of a lost redemption; `cause` is its operation's hash, paid once. */
export function payGuarantee(
  cause: string,
  groupCode: string,
  merchantId: string,
  money: Money,
): JournalEntry {
  const merchant = { kind: "merchant", owner: merchantId, currency: money.currency } as const;
  return move(`guarantee:${cause}`, "pay-guarantee", money, guarantee(groupCode, money), merchant);
}

function guarantee(groupCode: string, money: Money): Account {
  return { kind: "guarantee", owner: groupCode, currency: money.currency };
}

/** An FSP pays liquidity in. */
export function fundFsp(reference: string, fspId: string, money: Money): JournalEntry {
  const fsp = { kind: "fsp", owner: fspId, currency: money.currency } as const;
  return move(`fund-fsp:${fspId}:${reference}`, "fund-fsp", money, external(money, `fsp-${fspId}`), fsp);
}

/** What is due to an FSP becomes its liquidity again. */
export function settleFsp(reference: string, fspId: string, money: Money): JournalEntry {
  const { currency } = money;
  const due = { kind: "fspDue", owner: fspId, currency } as const;
  const fsp = { kind: "fsp", owner: fspId, currency } as const;
  return move(`settle-fsp:${fspId}:${reference}`, "settle-fsp", money, due, fsp);
}

/** A disbursing institution's money comes in. */
export function fundAgency(reference: string, institutionId: string, money: Money): JournalEntry {
  const agency = { kind: "agency", owner: institutionId, currency: money.currency } as const;
  const from = external(money, "treasury");
  return move(`fund-agency:${institutionId}:${reference}`, "fund-agency", money, from, agency);
}

/** The `n`th authorisation of a batch: its payments and their fees are held for it. */
export function holdForBatch(batch: bigint, n: number, from: Account, money: Money): JournalEntry {
  return move(`batch-hold:${batch}:${n}`, "hold-for-batch", money, from, heldFor(batch, money));
}

/** What was not paid out of it goes back. */
export function returnFromBatch(batch: bigint, n: number, to: Account, money: Money): JournalEntry {
  return move(`batch-return:${batch}:${n}`, "return-from-batch", money, heldFor(batch, money), to);
}

/** A credit that a receiving institution has made. */
export interface PaidCredit {
  readonly key: string;
  /** Blind index of the payee. */
  readonly payeeIndex: Uint8Array;
  readonly amountMinor: bigint;
  readonly feeMinor: bigint;
}

/**
 * Credits were made: their money leaves to the institution, or becomes what the payees keep with us, and what they cost is
 * ours. They are booked in one entry, in the transaction that ends them.
 */
export function payInstructions(
  batch: { readonly id: bigint; readonly currency: string },
  receiver: { readonly id: string; readonly gateway: string },
  credits: readonly PaidCredit[],
): JournalEntry {
  const { currency } = batch;
  const amountMinor = credits.reduce((sum, credit) => sum + credit.amountMinor, 0n);
  const feeMinor = credits.reduce((sum, credit) => sum + credit.feeMinor, 0n);
  const lines: JournalLine[] =
    receiver.gateway === "ledger"
      ? credits.map((credit) => ({
          account: { kind: "payee", owner: bytesToHex(credit.payeeIndex), currency },
          amountMinor: credit.amountMinor,
        }))
      : [{ account: { kind: "external", owner: `receiver-${receiver.id}`, currency }, amountMinor }];
  const held = heldFor(batch.id, { amountMinor, currency });
  return {
    // Each key is paid once, so the least of them names the entry.
    idempotencyKey: `batch-pay:${credits.map(({ key }) => key).toSorted()[0]}`,
    kind: "pay-instructions",
    currency,
    lines: [
      { account: held, amountMinor: -(amountMinor + feeMinor) },
      ...lines,
      ...(feeMinor === 0n
        ? []
        : [{ account: { kind: "fees", owner: "paypost", currency } as const, amountMinor: feeMinor }]),
    ],
  };
}

/** Vouchers were made for payees of a batch: what is held for them is their group's funding, which reserves it at once. */
export function batchToGroup(
  firstSerial: bigint,
  batch: bigint,
  groupCode: string,
  money: Money,
): JournalEntry {
  const from = heldFor(batch, money);
  return move(`batch-vouchers:${firstSerial}`, "batch-to-group", money, from, funding(groupCode, money));
}

function heldFor(batch: bigint, money: Money): Account {
  return { kind: "disbursement", owner: String(batch), currency: money.currency };
}

function holdLines({ currency, amountMinor }: Money, { fspId }: PayoutTerms): JournalLine[] {
  if (fspId === null) return [];
  return [
    { account: { kind: "fsp", owner: fspId, currency }, amountMinor: -amountMinor },
    { account: { kind: "fspHeld", owner: fspId, currency }, amountMinor },
  ];
}

function reversed(lines: readonly JournalLine[]): JournalLine[] {
  return lines.map((line) => ({ ...line, amountMinor: -line.amountMinor }));
}

export function move(key: string, kind: string, money: Money, from: Account, to: Account): JournalEntry {
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

export function external(money: Money, owner: string): Account {
  return { kind: "external", owner, currency: money.currency };
}

function funding(groupCode: string, money: Money): Account {
  return { kind: "funding", owner: groupCode, currency: money.currency };
}

export function reserved(voucher: FundedVoucher): Account {
  return { kind: "reserved", owner: voucher.groupCode, currency: voucher.currency };
}

function owed(merchantId: string, money: Money): Account {
  return { kind: "owed", owner: merchantId, currency: money.currency };
}
