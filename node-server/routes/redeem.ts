/** Redeeming over the current API (GovStack Payments BB, vouchers: redeem, redeemPay). */
import type { z } from "@hono/zod-openapi";
import { readBody } from "../middleware/body.ts";
import { Problem } from "../middleware/problem.ts";
import { redeemOnline } from "../vouchers/redeem-online.ts";
import type { RedeemRequest } from "../vouchers/redeem-online.ts";
import { acceptRedeemPay } from "../vouchers/redeem-pay.ts";
import { redemptionAnswer } from "../vouchers/redemption-answer.ts";
import { acknowledged, answered, callbackOf, identify } from "./caller-request.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";
import { acceptProblem } from "./voucher-answers.ts";
import { redeemRequest } from "./voucher-schemas.ts";

/** Answered at once. Throws 504 while the outcome is not known, and 409 for another request under the same id. */
export async function redeem(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const body = await readBody(c, redeemRequest);
  const identity = await identify(deps, c, "/vouchers?command=redeem", body.requestID);
  const outcome = await redeemOnline(deps, identity, requestOf(body));
  switch (outcome.outcome) {
    case "paid":
    case "refused":
      return c.json(redemptionAnswer(outcome, body.voucherSerialNumber, new Date(), deps.graceMs));
    case "unknown":
      throw new Problem(
        504,
        "The outcome is not known yet; ask again with the same requestID",
        [],
        body.requestID,
      );
    case "other-body":
    case "unknown-institution":
      throw acceptProblem(outcome.outcome, body.requestID);
  }
}

/** Acknowledged at once; the outcome goes to the callback URL. */
export async function redeemPay(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const callbackUrl = await callbackOf(deps, c);
  const body = await readBody(c, redeemRequest);
  const identity = await identify(deps, c, "/vouchers?command=redeemPay", body.requestID);
  const answer = acknowledged({
    responseCode: "00",
    responseDescription: "Voucher redemption request received",
    requestID: body.requestID,
  });
  const accepted = await acceptRedeemPay(deps, identity, { ...requestOf(body), callbackUrl }, answer);
  return answered(c, accepted, body.requestID);
}

function requestOf(body: z.infer<typeof redeemRequest>): RedeemRequest {
  return {
    serialNumber: body.voucherSerialNumber,
    voucherNumber: body.voucherSecretNumber,
    agentId: body.agentID,
    override: body.override ?? false,
  };
}
