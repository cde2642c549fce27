/** The published description of the bulk disbursement calls, of both generations. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { CallerVariables } from "../middleware/caller.ts";
import { batchCommands } from "../disbursement/control.ts";
import { bulkPaymentRequest } from "./bulk-payment-one-zero.ts";
import { approvalRequest, authorizationRequest, fundsRequest } from "./batch-decisions.ts";
import { errorAnswer } from "./voucher-schemas.ts";

const party = z.array(z.object({ key: z.string(), value: z.string().max(200) }));

/** Described for whoever writes a batch; what is sent is checked whole, with every mistake told by its line. */
const batch = z
  .array(
    z.object({
      requestId: z.string().min(1).max(16),
      creditParty: party.openapi({
        description:
          "Whom to pay: payeeIdentity (looked up when it is paid), or msisdn, iban, account, wallet or proxy; and " +
          "bankingInstitutionCode",
      }),
      debitParty: party.optional(),
      paymentMode: z.string().max(20).optional(),
      amount: z.number().openapi({ example: 12.5 }),
      currency: z.string().length(3),
      descriptionText: z.string().max(50).optional(),
    }),
  )
  .min(1)
  .openapi("DisbursementBatch");

const acceptance = z
  .object({ batchId: z.string(), PollingPath: z.string(), SuggestedCallbackSeconds: z.number().int() })
  .openapi("DisbursementAcceptance");

const status = z
  .object({
    requestId: z.string(),
    batchId: z.string(),
    currency: z.string(),
    TotalTransactions: z.number().int(),
    ongoing: z.number().int(),
    failed: z.number().int(),
    completed: z.number().int(),
    totalAmount: z.number(),
    completed_amount: z.number(),
    ongoing_amount: z.number(),
    failed_amount: z.number(),
    result_file: z.string(),
    resultGeneratedAt: z.iso.datetime(),
    note: z.string().max(200),
    state: z.string(),
  })
  .openapi("DisbursementStatus");

const nullableText = z.string().nullable();

const paymentDetail = z
  .object({
    workflowInstanceKey: z.string(),
    transactionId: nullableText,
    instructionId: z.string(),
    startedAt: z.iso.datetime().nullable(),
    completedAt: z.iso.datetime().nullable(),
    status: z.enum(["PDNG", "ACCP", "ACSP", "ACSC", "RJCT", "CANC"]),
    statusDetail: z.string(),
    payeeDfspId: nullableText,
    payeePartyId: z.string(),
    payeePartyIdType: nullableText,
    payeeFee: z.number(),
    payeeFeeCurrency: z.string(),
    payerDfspId: nullableText,
    payerPartyId: nullableText,
    payerPartyIdType: nullableText,
    payerFee: z.number(),
    payerFeeCurrency: z.string(),
    amount: z.number(),
    currency: z.string(),
    direction: z.enum(["OUTGOING", "INCOMING"]),
    errorInformation: z.object({ errorCode: z.string(), errorDescription: z.string() }).nullable(),
    batchId: z.string(),
    history: z
      .array(
        z.object({
          at: z.iso.datetime(),
          status: z.string(),
          reasonCode: nullableText,
          reason: nullableText,
        }),
      )
      .optional(),
  })
  .openapi("PaymentDetail");

const batchParams = z.object({ batchId: z.string().max(50) });

export function describeDisbursement(app: OpenAPIHono<CallerVariables>): void {
  const registry = app.openAPIRegistry;
  const tags = ["Bulk disbursement"];
  const security = [{ caller: [] }];
  registry.registerPath({
    method: "post",
    path: "/batchtransactions",
    tags,
    security,
    summary: "Hand a batch of payments in",
    description:
      "JSON (type=raw), CSV as multipart in the field data (type=csv), or pain.001.001.09 (type=pain.001). It is checked " +
      "whole: with any mistake nothing of it is taken, and every mistake is told with its line.",
    request: {
      headers: z.object({
        "X-CorrelationID": z.string().max(64),
        "Platform-TenantId": z.string().max(20),
        "X-Callback-URL": z.string().max(100),
        "X-Program-ID": z.string().max(20).optional(),
      }),
      query: z.object({
        type: z.enum(["raw", "csv", "pain.001"]),
        executeAt: z.iso.datetime({ offset: true }).optional(),
        afterBatch: z.string().max(50).optional(),
        combine: z.enum(["true", "false"]).optional(),
        mostFailedPercent: z.coerce.number().int().min(1).max(100).optional(),
      }),
      body: {
        required: true,
        content: {
          "application/json": { schema: batch },
          "multipart/form-data": { schema: z.object({ data: z.string().openapi({ format: "binary" }) }) },
          "application/xml": { schema: z.string() },
        },
      },
    },
    responses: {
      202: answer("Valid; it waits for its approval", acceptance),
      413: answer("Larger than 64 MiB", errorAnswer),
      409: answer("The correlation id was used before with another body", errorAnswer),
      ...refusals,
    },
  });
  registry.registerPath({
    method: "get",
    path: "/batch/Summary/{batchId}",
    tags,
    security,
    summary: "How a batch stands",
    request: { params: batchParams },
    responses: { 200: answer("Counts, amounts and state", status), ...refusals, ...unknownBatch },
  });
  registry.registerPath({
    method: "get",
    path: "/api/v1/batch/detail",
    tags,
    security,
    summary: "The payments of a batch, or one of them with its history",
    request: {
      query: z.object({
        batchId: z.string().max(50),
        payeePartyId: z.string().max(34).optional(),
        pageNo: z.coerce.number().int().min(1).optional(),
        pageSize: z.coerce.number().int().min(1).max(1_000).optional(),
        status: z.enum(["PDNG", "ACCP", "ACSP", "ACSC", "RJCT", "CANC"]).optional(),
        direction: z.enum(["OUTGOING", "INCOMING"]).optional(),
      }),
    },
    responses: { 200: answer("A page", z.array(paymentDetail)), ...refusals, ...unknownBatch },
  });
  registry.registerPath({
    method: "get",
    path: "/batches/{batchId}/approval",
    tags,
    security,
    summary: "What an approver signs",
    request: { params: batchParams },
    responses: {
      200: answer(
        "toSign is signed with Ed25519, as UTF-8",
        z.object({
          batchId: z.string(),
          state: z.string(),
          submittedBy: z.string(),
          approvedBy: nullableText,
          toSign: z.string(),
        }),
      ),
      ...refusals,
      ...unknownBatch,
    },
  });
  registry.registerPath({
    method: "post",
    path: "/batches/{batchId}/approval",
    tags,
    security,
    summary: "Approve a batch with a signatory's signature",
    request: { params: batchParams, body: json(approvalRequest.openapi("BatchApproval")) },
    responses: {
      200: answer("Approved", z.object({ batchId: z.string(), approvedBy: z.string() })),
      409: answer("The batch is not waiting for its approval", errorAnswer),
      ...refusals,
      ...unknownBatch,
    },
  });
  registry.registerPath({
    method: "post",
    path: "/batches/{batchId}",
    tags,
    security,
    summary:
      "Steer a batch; or ask, as a payments building block, whether a payer's money here covers one (authorize)",
    request: {
      params: batchParams,
      query: z.object({
        command: z.enum(["authorize", ...batchCommands]),
        reason: z.string().max(200).optional(),
      }),
      body: { ...json(fundsRequest.openapi("FundsRequest")), required: false },
    },
    responses: {
      200: answer("Done", z.object({ batchId: z.string(), state: z.string() })),
      202: answer(
        "Asked; the answer comes by callback",
        z.object({ batchID: z.string(), requestID: z.string() }),
      ),
      409: answer("The batch does not take this now", errorAnswer),
      ...refusals,
      ...unknownBatch,
    },
  });
  registry.registerPath({
    method: "post",
    path: "/batches/{batchId}/authorization",
    tags,
    security,
    summary: "A payer bank's answer to what it was asked",
    request: { params: batchParams, body: json(authorizationRequest.openapi("FundsAnswer")) },
    responses: {
      202: answer("Taken, or too late", z.object({ clientCorrelationId: z.string(), outcome: z.string() })),
      409: answer("The opposite was answered before", errorAnswer),
      ...refusals,
      ...unknownBatch,
    },
  });
  registry.registerPath({
    method: "post",
    path: "/api/v1/batch",
    tags,
    security,
    summary: "A receiving bank's status push: a hint, upon which the bank is asked",
    request: { query: z.object({ batchId: z.string().max(50) }) },
    responses: {
      202: answer("The bank is asked", z.object({ batchId: z.string() })),
      ...refusals,
      404: answer("No such sub-batch", errorAnswer),
    },
  });
  const files = [
    ["result", "What became of each payment, as CSV", "text/csv"],
    ["pain.002", "The same as pain.002.001.10", "application/xml"],
  ] as const;
  for (const [name, summary, type] of files)
    registry.registerPath({
      method: "get",
      path: `/batches/{batchId}/${name}`,
      tags,
      security,
      summary,
      request: { params: batchParams },
      responses: {
        200: { description: summary, content: { [type]: { schema: z.string() } } },
        ...refusals,
        ...unknownBatch,
      },
    });
  registry.registerPath({
    method: "get",
    path: "/batches/{batchId}/receipts/{requestId}",
    tags,
    security,
    summary: "The receipt of a payment that was made",
    request: { params: batchParams.extend({ requestId: z.string() }) },
    responses: {
      200: answer(
        "Id, time, reason and payer",
        z.object({
          receiptId: z.string(),
          time: z.iso.datetime().nullable(),
          reason: z.string(),
          payer: z.string(),
          payee: z.string(),
          amount: z.number(),
          currency: z.string(),
          requestId: z.string(),
          batchId: z.string(),
        }),
      ),
      ...refusals,
      404: answer("No such batch, or it is not paid", errorAnswer),
    },
  });
  registry.registerPath({
    method: "get",
    path: "/batches/{batchId}/reconciliation",
    tags,
    security,
    summary: "Where the money of a batch is, fees included; the difference is zero",
    request: { params: batchParams },
    responses: {
      200: answer(
        "Amounts in major units",
        z.object({
          batchId: z.string(),
          state: z.string(),
          currency: z.string(),
          authorised: z.number(),
          paid: z.number(),
          vouchers: z.number(),
          fees: z.number(),
          returned: z.number(),
          held: z.number(),
          difference: z.number(),
        }),
      ),
      ...refusals,
      ...unknownBatch,
    },
  });
  const oneZero = z.object({
    ResponseCode: z.enum(["00", "01"]),
    ResponseDescription: z.string().min(1).max(200),
    RequestID: z.string(),
  });
  registry.registerPath({
    method: "post",
    path: "/bulk-payment",
    tags: ["1.0"],
    security,
    summary: "Hand a batch of payments in (1.0)",
    request: { body: json(bulkPaymentRequest) },
    responses: {
      200: answer("Received", oneZero),
      400: answer("Malformed, or no registered building block", oneZero),
      401: refusals[401],
      403: refusals[403],
    },
  });
}

function json<T extends z.ZodType>(schema: T) {
  return { content: { "application/json": { schema } }, required: true };
}

function answer<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { "application/json": { schema } } };
}

const refusals = {
  400: answer("Malformed; nothing was stored", errorAnswer),
  401: answer("No valid token", errorAnswer),
  403: answer("Not allowed", errorAnswer),
};

const unknownBatch = { 404: answer("The institution has no such batch", errorAnswer) };
