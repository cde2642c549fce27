/** What a redemption is answered with, at once or by callback (GovStack vouchers, redeem and redeemPay). */
import { rawNumber } from "#core/json.ts";
import { formatMajor } from "#core/money.ts";
import { formatSerial, parseSerial } from "#core/voucher-number.ts";
import type { ClaimRow, VoucherRow } from "../ports/store.ts";
import { freeAt, holderText } from "./lease-holder.ts";
import type { LeaseHolder } from "./lease-holder.ts";
import type { OnlineRefusalCode } from "./redeem-online.ts";

export type FinalOutcome<Code = OnlineRefusalCode> =
  | { readonly outcome: "paid"; readonly claim: ClaimRow }
  | {
      readonly outcome: "refused";
      readonly code: Code;
      readonly voucher: VoucherRow | undefined;
      /** Who holds it, where that is what stands in the way. */
      readonly holder?: LeaseHolder | undefined;
    };

/**
 * `askedSerial` is the serial as the caller wrote it; the voucher number is never echoed. `graceMs`: how long after its
 * not-after a lease stays open.
 */
export function redemptionAnswer(final: FinalOutcome, askedSerial: string, at: Date, graceMs: number) {
  const timestamp = at.toISOString();
  if (final.outcome === "paid") {
    const { claim } = final;
    return {
      status: 1,
      message: "REDEEMED",
      detail: "The voucher was redeemed",
      serialNumber: formatSerial(claim.serial),
      value: rawNumber(formatMajor(claim)),
      timestamp,
      transactionId: claim.transactionId,
    };
  }
  const serial = parseSerial(askedSerial);
  return {
    status: 0,
    ...redeemMessages[final.code],
    ...(final.holder && heldElsewhere(final.holder, graceMs)),
    serialNumber: serial === undefined ? askedSerial : formatSerial(serial),
    value: final.voucher ? rawNumber(formatMajor(final.voucher)) : 0,
    timestamp,
  };
}

function heldElsewhere(holder: LeaseHolder, graceMs: number) {
  const { area, phone } = holder;
  const until = freeAt(holder, graceMs).toISOString();
  return { detail: holderDetail(holder, until), leasedTo: { area, phone, until } };
}

/** At most 100 characters, of which time and phone take 84 at most: a long area is cut. */
function holderDetail({ area, phone }: LeaseHolder, until: string): string {
  const short = area !== null && area.length > 14 ? `${area.slice(0, 13)}…` : area;
  return `Held by ${holderText({ area: short, phone })}; free by ${until.slice(0, 16)}Z`;
}

interface RedeemMessage {
  /** A code of at most 20 characters. */
  readonly message: string;
  /** At most 100 characters. */
  readonly detail: string;
}

export const redeemMessages: Readonly<Record<OnlineRefusalCode, RedeemMessage>> = {
  "unknown-voucher": { message: "NOT_EXISTING", detail: "There is no voucher with this serial number" },
  "wrong-number": { message: "WRONG_SECRET", detail: "The voucher number does not fit the serial number" },
  "unknown-agent": { message: "UNKNOWN_AGENT", detail: "There is no merchant or agent with this id" },
  "wrong-merchant-group": {
    message: "WRONG_MERCHANT_GROUP",
    detail: "The merchant may not redeem vouchers of this group",
  },
  "too-many-wrong-numbers": {
    message: "TOO_MANY_WRONG",
    detail: "Too many wrong voucher numbers were tried; try again in an hour",
  },
  "override-not-permitted": {
    message: "OVERRIDE_NOT_ALLOWED",
    detail: "The merchant may not redeem vouchers of this group, and the caller may not override that",
  },
  "fsp-funds-short": {
    message: "FUNDS_SHORT",
    detail: "The merchant's FSP has too little pre-funded money; the voucher stays usable",
  },
  "merchant-not-creditable": {
    message: "AGENT_NOT_CREDITABLE",
    detail: "The merchant cannot be credited; the voucher stays usable",
  },
  "leased-to-another-node": {
    message: "LEASED_TO_A_NODE",
    detail:
      "The voucher is reserved for a shop that may be offline; redeem it there, or wait until the lease ends",
  },
  "not-activated": { message: "NOT_YET_ACTIVATED", detail: "The voucher is not activated yet" },
  "already-activated": { message: "ALREADY_ACTIVATED", detail: "The voucher is activated already" },
  suspended: { message: "SUSPENDED", detail: "The voucher is suspended" },
  "not-suspended": { message: "NOT_SUSPENDED", detail: "The voucher is not suspended" },
  blocked: { message: "BLOCKED", detail: "The voucher is blocked" },
  "being-paid": { message: "BEING_PAID", detail: "The voucher is being redeemed right now" },
  "already-consumed": { message: "ALREADY_USED", detail: "The voucher was used before" },
  "already-cancelled": { message: "CANCELLED", detail: "The voucher is cancelled" },
  expired: { message: "EXPIRED", detail: "The voucher has expired" },
  purged: { message: "PURGED", detail: "The voucher was used or cancelled, and purged" },
  "already-leased": { message: "ALREADY_LEASED", detail: "The voucher is leased already" },
  "not-leased": { message: "NOT_LEASED", detail: "The voucher is not leased" },
  "not-being-paid": { message: "NOT_BEING_PAID", detail: "The voucher is not being redeemed" },
  "already-pending": { message: "ALREADY_PENDING", detail: "The same change waits already" },
  "not-ended": { message: "NOT_ENDED", detail: "The voucher is still in use" },
};
