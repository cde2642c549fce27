/**
 * Who wins a voucher: the settlement rules as a pure decision over what the server knows at the moment it has the
 * voucher locked (design: "Settlement", by authority and never by a device's clock).
 *
 * S1  An invalid redemption is rejected, whatever else is true.
 * S2  A redemption under a lease wins while the server still has that epoch open, or one that this node renewed it into:
 *     a renewal may have crossed with what the node did under the lease before it.
 * S3  After its lease closed it is an ordinary claim: applied if the voucher is free, else `lease-closed`.
 * S4  A claim on a voucher leased to someone else is held until that lease closes, unless the voucher is past its end.
 * S5  Otherwise the first that the server commits wins.
 * S6  A redemption at risk is an ordinary claim within the policy that was current at its node's contact; it is taken
 *     for as long after the voucher's expiry as that policy says. Beyond its limits it is rejected.
 * S7  A voucher is paid out in cash by an agent's node only, for a fee within the policy that it names.
 */
import { decideVoucher } from "#core/decide.ts";
import type { VoucherSnapshot } from "#core/decide.ts";
import type { Money } from "#core/money.ts";
import type { VoucherRefusalCode } from "#core/voucher-refusal.ts";
import { hasExpired, isPastEnd } from "#core/voucher-validity.ts";
import type { Epoch } from "./documents/lease.ts";
import type { AtRiskBreach, CashOutBreach } from "./limits.ts";
import type { RedeemVoucher } from "./documents/operation.ts";

/** How long after its last contact a node's online redemption is still taken, in milliseconds of server time. */
export const onlineDeadlineMs = 60_000;

export type RejectionCode =
  | VoucherRefusalCode
  | "unknown-voucher"
  | "wrong-number"
  | "wrong-amount"
  | "wrong-merchant-group"
  | AtRiskBreach
  | CashOutBreach
  /** The server never told the node the time that it names as its last contact. */
  | "contact-not-known"
  /** The policy named is not the one that was current at that contact. */
  | "policy-not-current"
  | "lease-closed"
  | "never-leased"
  | "too-late"
  | BillRejectionCode;

/** Why a payment of a bill is rejected; cash that was taken for it is to be given back. */
export type BillRejectionCode =
  | "unknown-bill"
  | "bill-paid"
  | "bill-withdrawn"
  | "biller-inactive"
  /** The merchant takes no payments for this biller. */
  | "biller-not-linked"
  | "wrong-bill-amount"
  /** Vouchers of this group do not pay the biller's bills. */
  | "group-not-accepted"
  /** The biller was told, and has rejected it. */
  | "rejected-by-biller"
  /** No cash of this node waits to be given back for it. */
  | "nothing-to-refund"
  /** That it was given back is recorded already. */
  | "refunded-before";

export type HoldReason =
  | "leased-to-another-node"
  | "node-frozen"
  | "node-revoked"
  | "forked"
  | "earlier-operation-held"
  /** The server was restored, and does not know yet. */
  | "recovery"
  /** What the server had signed before it was restored does not fit what the restored database holds. */
  | "recovery-conflict"
  /** The bill's payment is taken, and its biller has not answered yet. */
  | "awaiting-biller"
  /** Cash was taken for a bill of nobody's. */
  | "unknown-biller"
  /** The server cannot read it, or failed at judging it: nothing is skipped, and it is looked into. */
  | "quarantined";

export type RedemptionVerdict =
  | { readonly verdict: "apply"; readonly entitled: boolean }
  /** `lost`: it was a valid one, in time, and something else was first. */
  | { readonly verdict: "reject"; readonly code: RejectionCode; readonly lost: boolean }
  | { readonly verdict: "hold"; readonly reason: HoldReason };

export interface RedemptionFacts {
  readonly nodeId: string;
  readonly body: RedeemVoucher;
  /** The node's last contact with the server before it made the operation, in server time. */
  readonly lastServerTimeMs: number;
  readonly voucher:
    | (VoucherSnapshot & Money & { readonly expiresAt: Date; readonly atRisk: boolean })
    | undefined;
  /** What its policy says of a redemption at risk; undefined for one that is not. */
  readonly atRisk: AtRiskFacts | undefined;
  /** Why it may not be paid out in cash; undefined where it may, or is not. */
  readonly cashOutBreach: CashOutBreach | undefined;
  readonly openLease: { readonly nodeId: string; readonly epoch: Epoch } | undefined;
  /** Whether the lease that the body names was ever granted to this node. */
  readonly leaseWasGranted: boolean;
  /** Whether the sealed number fits both the signed commitment and the voucher. */
  readonly numberProven: boolean;
  readonly merchantAccepted: boolean;
  /** Whether a claim that will never be released has the voucher: the goods of an offline one are given. */
  readonly takenForGood: boolean;
  /** Whether the transaction that decides this is the one that closes the open lease. */
  readonly leaseIsClosing: boolean;
  readonly now: Date;
}

export interface AtRiskFacts {
  readonly breach: RejectionCode | undefined;
  readonly lateSettlementMs: number;
}

export function settleRedemption(facts: RedemptionFacts): RedemptionVerdict {
  const invalid = invalidity(facts);
  if (invalid) return reject(invalid, false);
  const { voucher } = facts;
  if (!voucher) return reject("unknown-voucher", false);
  const entitled = facts.leaseIsClosing || holdsOpenLease(facts);
  if (voucher.state === "leased" && !entitled) {
    // Held, it would take the voucher when the lease closes: what arrives after the end is too late for that.
    if (isPastEnd(voucher, facts.now)) return reject(afterLease(facts, "expired"), false);
    return { verdict: "hold", reason: "leased-to-another-node" };
  }
  if (!entitled && isTooLate(facts, voucher)) return reject(afterLease(facts, "expired"), false);
  const decision = decideVoucher(voucher, { type: "CLAIM", entitled });
  if (decision.ok) return { verdict: "apply", entitled };
  const { code } = decision.refusal;
  const standing = code === "being-paid" && facts.takenForGood ? "already-consumed" : code;
  return reject(afterLease(facts, standing), standing !== "expired");
}

function invalidity(facts: RedemptionFacts): RejectionCode | undefined {
  const { body, voucher } = facts;
  if (!voucher) return "unknown-voucher";
  if (!facts.numberProven) return "wrong-number";
  if (body.amountMinor !== voucher.amountMinor || body.currency !== voucher.currency) return "wrong-amount";
  if (!facts.merchantAccepted) return "wrong-merchant-group";
  if (facts.cashOutBreach) return facts.cashOutBreach;
  if (body.mode === "at-risk") {
    if (!voucher.atRisk || !facts.atRisk) return "at-risk-not-allowed";
    if (facts.atRisk.breach) return facts.atRisk.breach;
  }
  if (body.mode === "leased" && !facts.leaseWasGranted) return "never-leased";
  const isLate = facts.now.getTime() > facts.lastServerTimeMs + onlineDeadlineMs;
  if (body.mode === "online" && isLate) return "too-late";
  return undefined;
}

/** What was taken at risk before the expiry may come late; when it was taken is known to nobody but the node. */
function isTooLate(
  { atRisk, now }: RedemptionFacts,
  voucher: VoucherSnapshot & { readonly expiresAt: Date },
): boolean {
  return hasExpired(voucher, new Date(now.getTime() - (atRisk?.lateSettlementMs ?? 0)));
}

function holdsOpenLease({ openLease, nodeId, body }: RedemptionFacts): boolean {
  // That the named lease was this node's is known by now; the one who holds the voucher has nobody to take it from.
  return openLease !== undefined && openLease.nodeId === nodeId && body.mode === "leased";
}

/** A redemption that relied on a lease is told that the lease had closed: the programme guarantees such a loss. */
function afterLease({ body }: RedemptionFacts, code: RejectionCode): RejectionCode {
  return body.mode === "leased" ? "lease-closed" : code;
}

function reject(code: RejectionCode, lost: boolean): RedemptionVerdict {
  return { verdict: "reject", code, lost };
}
