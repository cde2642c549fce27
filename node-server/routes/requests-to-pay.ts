/** The calls about requests to pay, and vouchers for bills (GovStack Payments BB, P2G). */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "@hono/zod-openapi";
import { parseMajor } from "#core/money.ts";
import { requestStatus } from "../bills/messages.ts";
import { payByVoucher } from "../bills/pay-by-voucher.ts";
import {
  acceptRequestToPay,
  askForStatus,
  cancelRequestToPay,
  receivePayerFiAnswer,
} from "../bills/requests-to-pay.ts";
import type { RequestToPayWish } from "../bills/requests-to-pay.ts";
import { readBody } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { requiredHeader } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import type { RequestToPayRow } from "../ports/bill-rows.ts";
import type { Tx } from "../ports/store.ts";
import { billProblem, voucherReasons } from "./bill-answers.ts";
import { billAnswered, callbackUrlOf, requireBillHeaders, requiredCallbackUrl } from "./bill-calls.ts";
import type { BillRouteDependencies } from "./bill-calls.ts";
import {
  cancelRequest,
  payerFiAnswerRequest,
  requestToPayRequest,
  voucherForBillRequest,
} from "./bill-schemas.ts";
import { acknowledged, identify } from "./caller-request.ts";
import type { Caller } from "./caller-request.ts";

export function requestToPayRoutes(deps: BillRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.post("/rtpRequest", (c) => requestToPay(deps, c));
  routes.post("/rtpResponse", (c) => payerFiAnswer(deps, c));
  routes.get("/transferRequests/:id", (c) => status(deps, c, c.req.param("id")));
  routes.put("/transferRequests/:id", (c) => cancel(deps, c, c.req.param("id")));
  routes.post("/voucherRedemption", (c) => voucherForBill(deps, c));
  return routes;
}

export async function requestToPay(deps: BillRouteDependencies, c: Caller): Promise<Response> {
  requiredHeader(c, "X-billerId", 20);
  await requiredCallbackUrl(deps, c);
  const body = await readBody(c, requestToPayRequest);
  const answer = acknowledged({
    responseCode: "00",
    responseDescription: "Request to pay received",
    requestID: body.requestId,
  });
  const identity = await identify(deps, c, "POST /rtpRequest", body.requestId);
  return billAnswered(
    c,
    await acceptRequestToPay(deps, identity, wishOf(deps, body), answer),
    body.requestId,
  );
}

function wishOf(
  { addresses }: BillRouteDependencies,
  body: z.infer<typeof requestToPayRequest>,
): RequestToPayWish {
  const { amount, currency, billerName } = body.billDetails;
  const parsed = parseMajor(amount, currency);
  if (!parsed.ok || parsed.money.amountMinor <= 0n) throw wrong(body, "billDetails.amount", "is no amount");
  return {
    rtpId: body.rtpId,
    billId: body.billId,
    payer: payerOf(body, (address) => addresses.ofPayers.seal(address)),
    billerName,
    money: parsed.money,
    expiresAt: expiryOf(body.expiry),
  };
}

function payerOf(
  body: z.infer<typeof requestToPayRequest>,
  seal: (address: string) => Uint8Array,
): RequestToPayWish["payer"] {
  if (body.requestType === "00") {
    if (!body.payerFiDetails) throw wrong(body, "payerFiDetails", "is required with requestType 00");
    const { payerFIBIC: bic, financialAddress } = body.payerFiDetails;
    return { bic, sealedAddress: seal(financialAddress) };
  }
  if (!body.alias) throw wrong(body, "alias", "is required with requestType 01");
  return { alias: { type: body.alias.aliasType, id: body.alias.aliasId } };
}

function expiryOf(expiry: string | number | undefined): Date | null {
  if (expiry === undefined) return null;
  return new Date(typeof expiry === "number" ? Math.min(expiry, 8_640_000_000_000) * 1000 : expiry);
}

function wrong({ requestId }: { readonly requestId: string }, field: string, reason: string): Problem {
  return new Problem(400, `${field} ${reason}`, [{ field, reason }], requestId);
}

async function payerFiAnswer(deps: BillRouteDependencies, c: Caller): Promise<Response> {
  const body = await readBody(c, payerFiAnswerRequest);
  const identity = await identify(deps, c, "POST /rtpResponse", body.requestId);
  const answer = {
    transactionId: body.txnId,
    rtpId: body.rtpId,
    billId: body.billId,
    accepted: body.rtpStatus === "00",
    wrongPayer: body.rejectReason?.toUpperCase() === "W",
  };
  const accepted = acknowledged({
    responseCode: "00",
    responseDescription: "Response to the request to pay received",
    requestID: body.requestId,
  });
  return billAnswered(c, await receivePayerFiAnswer(deps.store, identity, answer, accepted), body.requestId);
}

async function status(deps: BillRouteDependencies, c: Caller, id: string): Promise<Response> {
  const correlationId = requireBillHeaders(c, "X-billerId");
  const url = await callbackUrlOf(deps, c);
  const answer = await deps.store.transaction(async (tx) => {
    const request = await findRequest(tx, c, id);
    if (url === null) return requestStatus(tx, request, correlationId);
    await askForStatus(tx, request, correlationId, url);
    return undefined;
  });
  if (answer) return c.json(answer);
  return c.json({ responseCode: "00", reason: "The status follows", requestId: correlationId }, 202);
}

async function findRequest(tx: Tx, c: Caller, id: string): Promise<RequestToPayRow> {
  const request = /^[0-9]{1,15}$/.test(id)
    ? await tx.requestsToPay.byRtpId(c.get("institutionId"), Number(id))
    : undefined;
  if (!request) throw billProblem("unknown-request");
  return request;
}

async function cancel(deps: BillRouteDependencies, c: Caller, id: string): Promise<Response> {
  if (c.req.query("command") !== "cancel")
    throw new Problem(400, "Use PUT /transferRequests/{rtpId}?command=cancel", [
      { field: "command", reason: "must be cancel" },
    ]);
  const { requestId } = await readBody(c, cancelRequest);
  if (!/^[0-9]{1,15}$/.test(id)) throw billProblem("unknown-request", requestId);
  const identity = await identify(deps, c, `PUT /transferRequests/${id}?command=cancel`, requestId);
  const answer = acknowledged({
    responseCode: "00",
    responseDescription: "The request to pay is cancelled",
    requestID: requestId,
  });
  return billAnswered(c, await cancelRequestToPay(deps.store, identity, Number(id), answer), requestId);
}

/** Answered in the words of its own row of the contract, malformed requests included. */
async function voucherForBill(deps: BillRouteDependencies, c: Caller): Promise<Response> {
  try {
    return await redeemForBill(deps, c);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return refusedVoucher(c, error.status as 400, error.requestId ?? "", error.message);
  }
}

async function redeemForBill(deps: BillRouteDependencies, c: Caller): Promise<Response> {
  requireBillHeaders(c, "X-PayerFI-Id");
  const callbackUrl = await callbackUrlOf(deps, c);
  const body = await readBody(c, voucherForBillRequest);
  const { requestId } = body;
  const identity = await identify(deps, c, "POST /voucherRedemption", requestId);
  const reason = "The voucher is taken; the biller is told that the bill is paid";
  const answer = { status: 202, body: JSON.stringify({ RequestID: requestId, code: "00", reason }) };
  const outcome = await payByVoucher(
    deps,
    identity,
    {
      billId: body.billId,
      inquiryRequestId: body.billInquiryRequestId,
      voucherNumber: numberOf(deps, body),
      serialNumber: body.voucherSerialNumber ?? null,
      amount: body.billDetails?.amount,
      currency: body.billDetails?.currency,
      callbackUrl,
    },
    answer,
  );
  switch (outcome.outcome) {
    case "accepted":
      return c.body(outcome.accepted.body, 202, { "content-type": "application/json" });
    case "other-body":
      throw billProblem("other-body", requestId);
    case "not-permitted":
      throw billProblem(outcome.refusal, requestId);
    case "bill-refused":
      return refusedVoucher(c, 400, requestId, outcome.refusal.reason);
    case "voucher-refused":
      return refusedVoucher(c, 400, requestId, voucherReasons[outcome.code]);
  }
}

function numberOf({ openBox }: BillRouteDependencies, body: z.infer<typeof voucherForBillRequest>): string {
  const { voucherSecretHash, voucherSecretNumber, voucherSerialNumber, requestId } = body;
  if (voucherSecretHash === undefined) {
    if (voucherSecretNumber !== undefined && voucherSerialNumber !== undefined) return voucherSecretNumber;
    throw new Problem(400, "Send VoucherSecretHash, or serial number and voucher number", [], requestId);
  }
  const opened = /^box:[A-Za-z0-9+/]+={0,2}$/.test(voucherSecretHash)
    ? openBox(new Uint8Array(Buffer.from(voucherSecretHash.slice(4), "base64")))
    : undefined;
  if (!opened) {
    const how = "VoucherSecretHash must be box: and the number sealed for the boxPublicKey of /v1/keys";
    throw new Problem(400, how, [], requestId);
  }
  return new TextDecoder().decode(opened);
}

function refusedVoucher(c: Caller, status: 400 | 401 | 403 | 404 | 409, RequestID: string, reason: string) {
  return c.json({ RequestID, code: "01", reason: reason.slice(0, 100) }, status);
}
