/** The calls about bills and their payments (GovStack Payments BB, P2G). Handlers read, call and answer; no rules. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import { acceptInquiry } from "../bills/inquiries.ts";
import { acceptPayment } from "../bills/payments.ts";
import { receiveBill, uploadBills } from "../bills/receive-bills.ts";
import type { FailedBill, ToldBill } from "../bills/receive-bills.ts";
import { receiveAnswer } from "../bills/settle-payment.ts";
import { readBody, readJson } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { header } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import { billProblem, billRefusalText } from "./bill-answers.ts";
import { acknowledgedBill, billAnswered, requireBillHeaders, requiredCallbackUrl } from "./bill-calls.ts";
import type { BillRouteDependencies } from "./bill-calls.ts";
import { readCsvItems } from "./csv-items.ts";
import {
  billAnswerRequest,
  billerStatusRequest,
  billId as billIdField,
  billUploadRequest,
  paymentRequest,
  uploadedBill,
} from "./bill-schemas.ts";
import { identify } from "./caller-request.ts";
import type { Caller } from "./caller-request.ts";
import { requestToPay } from "./requests-to-pay.ts";

const mostBills = 10_000;

export function billRoutes(deps: BillRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.post("/bills", (c) => upload(deps, c));
  routes.get("/bills/:billId", (c) => inquire(deps, c, c.req.param("billId")));
  routes.post("/bills/:billId", (c) => answerOfBiller(deps, c, c.req.param("billId")));
  for (const path of ["/billTransferRequests", "/paymentNotifications"]) {
    routes.post(path, (c) => transferRequest(deps, c));
  }
  return routes;
}

async function inquire(deps: BillRouteDependencies, c: Caller, id: string): Promise<Response> {
  const correlationId = requireBillHeaders(c, "X-PayerFI-Id");
  const callbackUrl = await requiredCallbackUrl(deps, c);
  const query = inquiryQuery.safeParse({ ...c.req.query(), billId: id });
  if (!query.success) throw malformed(query.error);
  const requestId = query.data.requestId ?? correlationId;
  const { billId } = query.data;
  const request = { payerFiId: c.get("institutionId"), requestId, correlationId, billId, callbackUrl };
  const accepted = await acceptInquiry(deps.store, request);
  if (!accepted.ok) throw billProblem(accepted.refusal, requestId);
  const { transactionId } = accepted;
  return c.json({ responseCode: "00", reason: "Bill inquiry received", requestId, transactionId }, 202);
}

const inquiryQuery = z.object({
  billId: billIdField,
  fields: z.literal("inquiry").optional(),
  requestId: z.string().min(1).max(12).optional(),
});

/** The biller tells about one of its bills: asked, or of its own accord. */
async function answerOfBiller(deps: BillRouteDependencies, c: Caller, id: string): Promise<Response> {
  const body = await readBody(c, billAnswerRequest);
  const checked = billIdField.safeParse(id);
  if (!checked.success) throw malformed(checked.error);
  if (body.billId !== undefined && body.billId !== id)
    throw new Problem(400, "billId differs between path and body", [{ field: "billId", reason: "differs" }]);
  if (body.code === "00" && !body.billDetails)
    throw new Problem(400, "billDetails is required with code 00", [
      { field: "billDetails", reason: "is required" },
    ]);
  const bill = body.code === "00" && body.billDetails ? toldBill({ ...body.billDetails, billId: id }) : null;
  const reason = body.reason ?? "The biller has no such bill";
  const outcome = await receiveBill(deps.store, c.get("institutionId"), id, bill, reason);
  const requestId = body.requestId ?? "";
  if (!outcome.ok) throw billProblem(outcome.refusal, requestId);
  return c.json({ responseCode: "00", reason: "Bill received", requestId }, 202);
}

async function upload(deps: BillRouteDependencies, c: Caller): Promise<Response> {
  const isCsv = c.req.header("content-type")?.startsWith("text/csv") ?? false;
  const { requestId, bills } = isCsv ? await readCsv(c) : await readBody(c, billUploadRequest);
  const answer = (taken: number, failed: readonly FailedBill[]) =>
    JSON.stringify({
      responseCode: "00",
      responseDescription: `${taken} bills taken, ${failed.length} failed`,
      requestID: requestId,
      taken,
      failed: failed.map(({ line, billId, refusal }) => ({ line, billId, reason: billRefusalText(refusal) })),
    });
  const identity = await identify(deps, c, "POST /bills", requestId);
  return billAnswered(c, await uploadBills(deps.store, identity, bills.map(toldBill), answer), requestId);
}

async function readCsv(c: Caller) {
  const requestId = c.req.query("requestId") ?? header(c, "X-CorrelationID");
  if (requestId === undefined || requestId.length > 64)
    throw new Problem(400, "Name the upload by ?requestId=, of at most 64 characters", [
      { field: "requestId", reason: "is required" },
    ]);
  return { requestId, bills: await readCsvItems(c, uploadedBill, mostBills) };
}

/** One path for a payer FI's payment, a biller's status and a biller's request to pay: their fields differ. */
async function transferRequest(deps: BillRouteDependencies, c: Caller): Promise<Response> {
  const value = await readJson(c);
  const names = Object.keys(typeof value === "object" && value !== null ? value : {}).map((name) =>
    name.toLowerCase(),
  );
  if (names.includes("requesttype")) return requestToPay(deps, c);
  const isStatus = names.includes("status") && !names.includes("paymentreferenceid");
  return isStatus ? billerStatus(deps, c) : payment(deps, c);
}

async function payment(deps: BillRouteDependencies, c: Caller): Promise<Response> {
  requireBillHeaders(c, "X-PayerFI-Id");
  const callbackUrl = await requiredCallbackUrl(deps, c);
  const body = await readBody(c, paymentRequest);
  const accepted = await acceptPayment(
    deps.store,
    await identify(deps, c, "POST /billTransferRequests", body.requestId),
    {
      billId: body.billId,
      inquiryRequestId: body.billInquiryRequestId,
      reference: body.paymentReferenceID,
      callbackUrl,
      succeeded: body.paymentStatus === "success",
      amount: body.amount,
      currency: body.currency,
    },
    acknowledgedBill("Payment notification received", body.requestId),
  );
  return billAnswered(c, accepted, body.requestId);
}

/** The biller's answer to our advice. It may be sent again: the machine knows the first one. */
async function billerStatus(deps: BillRouteDependencies, c: Caller): Promise<Response> {
  const { requestId, ...answer } = await readBody(c, billerStatusRequest);
  const outcome = await receiveAnswer(deps.context, deps.store, c.get("institutionId"), {
    requestId,
    ...answer,
  });
  if (!outcome.ok) throw billProblem(outcome.refusal, requestId);
  return c.json({ responseCode: "00", reason: "Status received", requestId }, 202);
}

function toldBill({ billStatus, ...bill }: z.infer<typeof uploadedBill>): ToldBill {
  return { ...bill, state: statesByName.get(billStatus?.toLowerCase() ?? "") };
}

/** Any other status is a bill that can be paid. */
const statesByName = new Map<string, ToldBill["state"]>([
  ["withdrawn", "withdrawn"],
  ["cancelled", "withdrawn"],
  ["canceled", "withdrawn"],
  ["paid", "paidElsewhere"],
]);

function malformed(error: z.ZodError): Problem {
  const errors = error.issues.map(({ path, message }) => ({
    field: path.join(".") || "billId",
    reason: message,
  }));
  return new Problem(400, `${errors[0]?.field}: ${errors[0]?.reason}`, errors);
}
