/** The description of the calls about bills in `/openapi.json` (GovStack Payments BB, P2G). */
import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { CallerVariables } from "../middleware/caller.ts";
import {
  billAcknowledgement,
  billAnswerRequest,
  billersAnswer,
  billerStatusRequest,
  billId,
  billUploadAnswer,
  billUploadRequest,
  cancelRequest,
  payerFiAnswerRequest,
  paymentRequest,
  reconciliationAnswer,
  reconciliationRequest,
  requestToPayAcknowledgement,
  requestToPayRequest,
  requestToPayStatusAnswer,
  settledPaymentsAnswer,
  settlementAnswer,
  voucherForBillAnswer,
  voucherForBillRequest,
} from "./bill-schemas.ts";
import { answer, json, readRefusals, refusals } from "./openapi-parts.ts";
import { errorAnswer } from "./voucher-schemas.ts";

export function describeBills(app: OpenAPIHono<CallerVariables>): void {
  for (const call of [...billCalls(), ...requestCalls(), ...settlementCalls()]) {
    app.openAPIRegistry.registerPath({ tags: ["Bills"], security: [{ caller: [] }], ...call });
  }
}

type Described = Pick<RouteConfig, "method" | "path" | "summary" | "description" | "request" | "responses">;

function billCalls(): Described[] {
  const params = z.object({ billId });
  const transfer = {
    200: answer("The request to pay was received", requestToPayAcknowledgement),
    202: answer("Received; the outcome comes by callback", billAcknowledgement),
    ...refusals,
    404: answer("No such biller, or no such payment", errorAnswer),
  };
  return [
    {
      method: "get",
      path: "/bills/{billId}",
      summary: "A payer FI inquires about a bill; the answer comes by callback",
      request: {
        params,
        query: z.object({
          fields: z.literal("inquiry").optional(),
          requestId: z.string().max(12).optional(),
        }),
        headers: payerFiHeaders,
      },
      responses: {
        202: answer("Received", billAcknowledgement),
        ...readRefusals,
        404: answer("No biller has bills of this prefix", errorAnswer),
      },
    },
    {
      method: "post",
      path: "/bills/{billId}",
      summary: "A biller answers an inquiry about a bill, or tells a bill of its own accord",
      request: { params, body: json(billAnswerRequest) },
      responses: {
        202: answer("Received", billAcknowledgement),
        ...refusals,
        409: answer("The bill is paid, or being paid, and stays what it is", errorAnswer),
      },
    },
    {
      method: "post",
      path: "/bills",
      summary: "A biller uploads bills, as JSON or CSV",
      description: "As CSV: a heading with the fields' names, `Content-Type: text/csv`, and `?requestId=`.",
      request: {
        query: z.object({ requestId: z.string().max(64).optional() }),
        body: {
          content: {
            "application/json": { schema: billUploadRequest },
            "text/csv": { schema: z.string() },
          },
          required: true,
        },
      },
      responses: {
        200: answer("How many were taken, and why the others were not", billUploadAnswer),
        ...refusals,
        413: answer("Too large", errorAnswer),
      },
    },
    ...["/billTransferRequests", "/paymentNotifications"].map(
      (path) =>
        ({
          method: "post",
          path,
          summary: "A payer FI notifies a payment, a biller answers one, or asks for one",
          description:
            "A biller's status has `status`; a request to pay has `requestType` (see /rtpRequest).",
          request: {
            headers: payerFiHeaders.partial(),
            body: json(z.union([paymentRequest, billerStatusRequest, requestToPayRequest])),
          },
          responses: transfer,
        }) as const,
    ),
    {
      method: "post",
      path: "/voucherRedemption",
      summary: "A voucher pays a bill of its value",
      request: {
        headers: payerFiHeaders.partial({ "X-Callback-URL": true }),
        body: json(voucherForBillRequest),
      },
      responses: {
        202: answer("The voucher is taken, and the biller is told", voucherForBillAnswer),
        400: answer("Why not", voucherForBillAnswer),
        401: answer("No valid token", errorAnswer),
        403: answer("No payer FI of this biller", z.union([voucherForBillAnswer, errorAnswer])),
        404: answer("No biller has bills of this prefix", voucherForBillAnswer),
        409: answer("The request id was used before with another body", voucherForBillAnswer),
      },
    },
  ];
}

function requestCalls(): Described[] {
  const params = z.object({ id: z.string().max(15) });
  const noRequest = answer("The caller has no such request to pay", errorAnswer);
  return [
    {
      method: "post",
      path: "/rtpRequest",
      summary: "A biller asks a payer to pay a bill",
      request: { headers: billerHeaders, body: json(requestToPayRequest) },
      responses: {
        200: answer("Received; the payer FI is asked", requestToPayAcknowledgement),
        ...refusals,
        409: answer("The bill is paid, or an id was used before", errorAnswer),
      },
    },
    {
      method: "post",
      path: "/rtpResponse",
      summary: "A payer FI tells whether the payer will pay",
      request: { body: json(payerFiAnswerRequest) },
      responses: {
        200: answer("Received; the biller is told", requestToPayAcknowledgement),
        ...refusals,
        404: noRequest,
        409: answer("The request to pay has ended", errorAnswer),
      },
    },
    {
      method: "get",
      path: "/transferRequests/{id}",
      summary: "A biller asks what became of its request to pay, by its rtpId",
      request: { params, headers: billerHeaders.partial({ "X-Callback-URL": true }) },
      responses: {
        200: answer("Its state, where no callback is asked for", requestToPayStatusAnswer),
        202: answer("Its state follows by callback", billAcknowledgement),
        ...readRefusals,
        404: noRequest,
      },
    },
    {
      method: "put",
      path: "/transferRequests/{id}",
      summary: "A biller cancels its request to pay",
      request: { params, query: z.object({ command: z.literal("cancel") }), body: json(cancelRequest) },
      responses: {
        200: answer("Cancelled", requestToPayAcknowledgement),
        ...refusals,
        404: noRequest,
        409: answer("It has ended, or the bill is being paid", errorAnswer),
      },
    },
  ];
}

function settlementCalls(): Described[] {
  const format = z.object({ format: z.enum(["json", "csv"]).optional() });
  const day = format.extend({ date: z.iso.date() });
  return [
    {
      method: "get",
      path: "/billers",
      summary: "The billers that the calling payer FI may pay; JSON or CSV",
      request: { query: format },
      responses: { 200: answer("The billers", billersAnswer), ...readRefusals },
    },
    {
      method: "get",
      path: "/settlements",
      summary: "What is to be settled for a day, by biller, payer, means and currency; JSON or CSV",
      request: { query: day },
      responses: { 200: answer("The sums", settlementAnswer), ...readRefusals },
    },
    {
      method: "get",
      path: "/settlements/payments",
      summary: "The acknowledged payments of a day, one by one; JSON or CSV",
      request: { query: day },
      responses: { 200: answer("The payments", settledPaymentsAnswer), ...readRefusals },
    },
    {
      method: "post",
      path: "/settlements/reconciliation",
      summary: "Compare a day's payments with the caller's own list, JSON or CSV",
      request: { query: day.pick({ date: true }), body: json(reconciliationRequest) },
      responses: {
        200: answer("What one side has and the other has not", reconciliationAnswer),
        ...readRefusals,
      },
    },
  ];
}

const commonHeaders = {
  "X-CorrelationID": z.string().max(64),
  "X-Platform-TenantId": z.string().max(20),
  "X-Callback-URL": z.string().max(100),
};

const payerFiHeaders = z.object({ ...commonHeaders, "X-PayerFI-Id": z.string().max(20) });
const billerHeaders = z.object({ ...commonHeaders, "X-billerId": z.string().max(20) });
