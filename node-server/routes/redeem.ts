/** Redeeming over the current API (GovStack Payments BB, vouchers: redeem), answered at once. */
import { formatSerial, parseSerial } from "#core/voucher-number.ts";
import { rawNumber } from "#core/json.ts";
import { formatMajor } from "#core/money.ts";
import { readBody } from "../middleware/body.ts";
import { Problem } from "../middleware/problem.ts";
import { redeemOnline } from "../vouchers/redeem-online.ts";
import { identify } from "./caller-request.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";
import { acceptProblem, redeemMessages } from "./voucher-answers.ts";
import { redeemRequest } from "./voucher-schemas.ts";

export async function redeem(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const body = await readBody(c, redeemRequest);
  const outcome = await redeemOnline(
    deps,
    await identify(deps, c, "/vouchers?command=redeem", body.requestID),
    {
      serialNumber: body.voucherSerialNumber,
      voucherNumber: body.voucherSecretNumber,
      agentId: body.agentID,
      override: body.override ?? false,
    },
  );
  const timestamp = new Date().toISOString();
  switch (outcome.outcome) {
    case "paid":
      return c.json({
        status: 1,
        message: "REDEEMED",
        detail: "The voucher was redeemed",
        serialNumber: formatSerial(outcome.claim.serial),
        value: rawNumber(formatMajor(outcome.claim)),
        timestamp,
        transactionId: outcome.claim.transactionId,
      });
    case "refused": {
      const serial = parseSerial(body.voucherSerialNumber);
      return c.json({
        status: 0,
        ...redeemMessages[outcome.code],
        serialNumber: serial === undefined ? body.voucherSerialNumber : formatSerial(serial),
        value: outcome.voucher ? rawNumber(formatMajor(outcome.voucher)) : 0,
        timestamp,
      });
    }
    case "unknown":
      throw new Problem(
        504,
        "The outcome is not known yet; ask again with the same requestID",
        [],
        body.requestID,
      );
    case "other-body":
      throw acceptProblem("other-body", body.requestID);
  }
}
