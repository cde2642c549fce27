/** The total maps from refusals of the 1.0 calls to status and message (GovStack vouchers, 1.0: the table's codes). */
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { Problem } from "../middleware/problem.ts";
import type { ItemRefusalCode } from "../vouchers/commands.ts";
import type { OnceRefusal } from "../vouchers/one-zero/call.ts";
import type { ChangeRefusal } from "../vouchers/one-zero/change-one.ts";
import type { PreactivationRefusal } from "../vouchers/one-zero/preactivate.ts";
import type {
  NumberRedemptionOutcome,
  NumberRedemptionRefusal,
} from "../vouchers/one-zero/redeem-by-number.ts";
import type { StatusRefusal } from "../vouchers/one-zero/status-check.ts";

export interface OneZeroAnswer {
  readonly status: number;
  readonly message: string;
}

/** The codes of the 1.0 table are in no registry, so no type knows them. */
export function oneZeroProblem({ status, message }: OneZeroAnswer): Problem {
  return new Problem(status as ContentfulStatusCode, message);
}

const once: Readonly<Record<OnceRefusal, OneZeroAnswer>> = {
  "other-body": { status: 409, message: "This X-CorrelationID was used before with another body" },
  "answer-erased": {
    status: 409,
    message:
      "This X-CorrelationID was answered more than 24 hours ago and the answer, which held a voucher number, is erased",
  },
};

const unknownBuildingBlock = "The GovStack Building Block does not exist, or is not the caller";

export const preactivationAnswers: Readonly<Record<PreactivationRefusal, OneZeroAnswer>> = {
  ...once,
  "malformed-amount": {
    status: 452,
    message: "Invalid voucher amount: send digits as text, such as 12 or 12.50",
  },
  "too-many-decimals": {
    status: 452,
    message: "Invalid voucher amount: it has more decimals than the currency",
  },
  "amount-too-large": { status: 452, message: "Invalid voucher amount: it is too large" },
  "zero-amount": { status: 452, message: "Invalid voucher amount: it must be above zero" },
  "unknown-currency": {
    status: 453,
    message: "Invalid voucher currency: send an ISO 4217 code, such as USD",
  },
  "unknown-group": { status: 454, message: "Invalid voucher group: there is none of that name or code" },
  "group-exhausted": {
    status: 455,
    message: "The voucher group is exhausted: its funding does not cover this",
  },
  "unknown-building-block": { status: 460, message: unknownBuildingBlock },
};

/** What a state is called where it stands in the way. */
const states: Readonly<Record<ItemRefusalCode, string>> = {
  "unknown-voucher": "there is no voucher with this number",
  "other-institution": "there is no voucher with this number",
  "not-activated": "the voucher is not activated yet",
  "already-activated": "the voucher is activated already",
  suspended: "the voucher is suspended",
  "not-suspended": "the voucher is not suspended",
  blocked: "the voucher is blocked",
  "being-paid": "the voucher is being redeemed right now",
  "already-consumed": "the voucher was used before",
  "already-cancelled": "the voucher is cancelled",
  expired: "the voucher has expired",
  purged: "the voucher is purged",
  "leased-to-another-node": "the voucher is reserved for a shop that may be offline",
  "already-leased": "the voucher is reserved for a shop already",
  "not-leased": "the voucher is not reserved for a shop",
  "not-being-paid": "the voucher is not being redeemed",
  "already-pending": "a cancellation waits already until the shop that holds the voucher reports",
  "not-ended": "the voucher is still in use",
  "no-such-node": "there is no such shop to reserve it for",
  "no-active-node": "the shop to reserve it for has no active machine",
  "node-frozen": "the machine to reserve it for is frozen",
  "node-revoked": "the machine to reserve it for is revoked",
  "node-holds-too-many": "the machine to reserve it for holds as many vouchers as it may",
  "node-not-accepting": "the shop to reserve it for may not redeem vouchers of its group",
  "no-such-dispenser": "there is no such merchant to hand it out",
  "token-key-retired": "the key that its number was made with is no longer trusted: have it replaced",
  "lease-too-long": "the reservation would outlast the voucher",
  "never-leased-at-risk": "vouchers of its group are not reserved for a shop",
};

const notPreActivated = "the voucher is not pre-activated: nobody has asked for it yet";

export const activationAnswers: Readonly<Record<ChangeRefusal, OneZeroAnswer>> = {
  ...answersOf(states, (code) => ({
    status: 456,
    message: `Invalid voucher serial number: ${states[code]}`,
  })),
  ...once,
  "not-pre-activated": { status: 456, message: `Invalid voucher serial number: ${notPreActivated}` },
  "unknown-building-block": { status: 460, message: unknownBuildingBlock },
};

export const cancelAnswers: Readonly<Record<ChangeRefusal, OneZeroAnswer>> = {
  ...answersOf(states, (code) => ({
    status: code === "already-cancelled" || code === "already-pending" ? 464 : 463,
    message: `The voucher cannot be cancelled: ${states[code]}`,
  })),
  "already-cancelled": { status: 464, message: "The voucher was cancelled before" },
  ...once,
  "not-pre-activated": { status: 463, message: `The voucher cannot be cancelled: ${notPreActivated}` },
  "unknown-building-block": { status: 463, message: unknownBuildingBlock },
};

export const statusAnswers: Readonly<Record<StatusRefusal, OneZeroAnswer>> = {
  "unknown-voucher": { status: 456, message: "Invalid voucher serial number: there is no such voucher" },
  "already-used": { status: 458, message: "The voucher was used before" },
  expired: { status: 459, message: "The voucher has expired" },
};

type NotRedeemed = NumberRedemptionRefusal | Exclude<NumberRedemptionOutcome["outcome"], "paid" | "refused">;

export const redemptionAnswers: Readonly<Record<NotRedeemed, OneZeroAnswer>> = {
  ...answersOf(states, (code) => ({
    status: 461,
    message: `The voucher cannot be redeemed: ${states[code]}`,
  })),
  "already-consumed": { status: 458, message: "The voucher was used before" },
  expired: { status: 459, message: "The voucher has expired" },
  "unknown-building-block": { status: 460, message: unknownBuildingBlock },
  "unknown-number": { status: 461, message: "Invalid voucher number" },
  "too-many-wrong-numbers": {
    status: 461,
    message: "Too many wrong voucher numbers were tried; try again in an hour",
  },
  "not-pre-activated": { status: 461, message: `The voucher cannot be redeemed: ${notPreActivated}` },
  "wrong-merchant-group": {
    status: 461,
    message: "The voucher cannot be redeemed: the merchant may not redeem vouchers of its group",
  },
  "override-not-permitted": {
    status: 461,
    message:
      "The voucher cannot be redeemed: the merchant may not redeem vouchers of its group, and the caller may not override that",
  },
  "fsp-funds-short": {
    status: 462,
    message: "Insufficient funds in funding a/c: the merchant's provider has too little to pay it",
  },
  "unknown-merchant": {
    status: 463,
    message: "Cannot credit merchant: there is none of that name and bank details",
  },
  "merchant-not-creditable": { status: 463, message: "Cannot credit merchant: its account is closed" },
  "other-body": once["other-body"],
  "unknown-institution": { status: 460, message: unknownBuildingBlock },
  unknown: {
    status: 599,
    message:
      "The payment's outcome is not known in time; the voucher is paid once or not at all, its status tells later",
  },
};

function answersOf<Code extends string>(
  codes: Readonly<Record<Code, string>>,
  answer: (code: Code) => OneZeroAnswer,
): Record<Code, OneZeroAnswer> {
  const entries = (Object.keys(codes) as Code[]).map((code) => [code, answer(code)] as const);
  return Object.fromEntries(entries) as Record<Code, OneZeroAnswer>;
}
