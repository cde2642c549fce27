/**
 * A redemption that is told by callback (GovStack vouchers, redeemPay): the voucher is claimed before the answer, so
 * that its number is kept nowhere; the payout follows, and its outcome goes out when it is known.
 */
import { parseSerial } from "#core/voucher-number.ts";
import { callbackOfRedemption } from "../callbacks/redemptions.ts";
import type { ToldRedemption } from "../callbacks/redemptions.ts";
import type { Job, Store, Tx } from "../ports/store.ts";
import { acceptOnce } from "../accept-once.ts";
import type { Acceptance, Accepted, RequestIdentity } from "../accept-once.ts";
import { outcomeOfClaim, presentAndClaim } from "./redeem-online.ts";
import type { OnlineRefusalCode, RedeemRequest } from "./redeem-online.ts";
import { findLeaseHolder } from "./lease-holder.ts";
import { redemptionAnswer } from "./redemption-answer.ts";
import type { FinalOutcome } from "./redemption-answer.ts";

export interface RedeemPayRequest extends RedeemRequest {
  readonly callbackUrl: string;
}

export function acceptRedeemPay(
  { store, indexKey }: { readonly store: Store; readonly indexKey: Uint8Array },
  identity: RequestIdentity,
  request: RedeemPayRequest,
  answer: Accepted,
): Promise<Acceptance<never>> {
  const { institutionId, requestId } = identity.key;
  const known = async (tx: Tx) => {
    const stored = await tx.redemptionRequests.byRequest(institutionId, requestId);
    if (!stored) throw new Error(`the request ${requestId} left no redemption`);
    return nextJob(tx, stored);
  };
  return acceptOnce<never>(store, identity, answer, known, async (tx) => {
    const claimed = await presentAndClaim(tx, indexKey, identity.key, request);
    const claimId = claimed.ok ? claimed.claimId : null;
    const row = {
      institutionId,
      requestId,
      serialNumber: request.serialNumber,
      callbackUrl: request.callbackUrl,
      claimId,
      refusal: claimed.ok ? null : claimed.code,
    };
    return nextJob(tx, { ...row, id: await tx.redemptionRequests.insert(row) });
  });
}

/** What is left to do: the payout while the claim is open, else the callback. */
async function nextJob(tx: Tx, request: ToldRedemption): Promise<Job> {
  const claim = request.claimId === null ? undefined : await tx.claims.find(request.claimId);
  const isOpen = claim && claim.state !== "paid" && claim.state !== "released";
  return isOpen ? { queue: "payout", id: claim.id } : callbackOfRedemption(tx, request);
}

/**
 * The body of the callback: the same as the synchronous answer, with the request's id; of a voucher that a node holds it
 * tells who does now. Throws while nothing is known.
 */
export async function redemptionCallback(
  tx: Tx,
  id: bigint,
  graceMs: number,
): Promise<Record<string, unknown>> {
  const request = await tx.redemptionRequests.find(id);
  if (!request) throw new Error(`no redemption request ${id}`);
  const { claimId, serialNumber, refusal, requestId } = request;
  const outcome =
    claimId === null
      ? await refusedOutcome(tx, refusal as OnlineRefusalCode, serialNumber)
      : await outcomeOfClaim(tx, claimId);
  return { requestID: requestId, ...redemptionAnswer(outcome, serialNumber, request.createdAt, graceMs) };
}

async function refusedOutcome(tx: Tx, code: OnlineRefusalCode, serialNumber: string): Promise<FinalOutcome> {
  const serial = code === "leased-to-another-node" ? parseSerial(serialNumber) : undefined;
  const holder = serial === undefined ? undefined : await findLeaseHolder(tx, serial);
  return { outcome: "refused", code, voucher: undefined, holder };
}
