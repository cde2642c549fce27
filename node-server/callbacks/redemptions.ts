/** The callbacks of redemptions that are told by callback (GovStack vouchers, redeemPay). */
import type { Job, RedemptionRequestRow, Tx } from "../ports/store.ts";
import { requestCallback } from "./outbox.ts";

export type ToldRedemption = Pick<RedemptionRequestRow, "id" | "institutionId" | "callbackUrl" | "claimId">;

export function callbackOfRedemption(tx: Tx, told: ToldRedemption): Promise<Job> {
  const { id, institutionId, callbackUrl: url } = told;
  return requestCallback(tx, { institutionId, kind: "redemption", subject: id, url }, "redemption");
}

/** A claim has ended: whoever asked by redeemPay is told; whoever waits for the answer itself is not. */
export async function tellOfClaim(tx: Tx, claimId: string): Promise<void> {
  const request = await tx.redemptionRequests.byClaim(claimId);
  if (request) await tx.jobs.enqueue(await callbackOfRedemption(tx, request));
}
