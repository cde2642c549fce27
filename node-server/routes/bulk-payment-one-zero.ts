/**
 * `POST /bulk-payment` of the 1.0 API: "00" means received; whether payees are known, approval and funds come later. Every
 * answer echoes the request id.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Context, MiddlewareHandler } from "hono";
import { DecimalText } from "#core/json.ts";
import { acceptBatch } from "../disbursement/accept.ts";
import type { RawItem } from "../disbursement/files/raw-item.ts";
import { readJson } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { optionalHeader } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import { findCaller } from "../vouchers/one-zero/call.ts";
import { hashBody } from "./caller-request.ts";
import type { Caller } from "./caller-request.ts";
import type { DisbursementRouteDependencies } from "./disbursements.ts";

const path = "/bulk-payment";

/** Lengths are exact, as the published tests have them. */
export const bulkPaymentRequest = z
  .object({
    RequestID: z.string().length(12),
    SourceBBID: z.string().length(12),
    BatchID: z.string().length(12),
    CreditInstructions: z
      .array(
        z.object({
          InstructionID: z.string().length(16),
          PayeeFunctionalID: z.string().length(20),
          Amount: z
            .union([z.number(), z.string(), z.instanceof(DecimalText)])
            .transform((value) => (value instanceof DecimalText ? value.text : String(value)))
            .openapi({ type: "number" }),
          Currency: z.string().length(3),
          Narration: z.string().max(50).nullish().openapi({ type: "string" }),
        }),
      )
      .min(1)
      .max(10_000),
  })
  .openapi("BulkPayment");

/** `guard` lets the caller in and sets its institution; a sandbox has none. */
export function bulkPaymentRoutes(
  deps: DisbursementRouteDependencies,
  guard: MiddlewareHandler<CallerVariables> | undefined,
): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  if (guard) routes.use(path, guard);
  routes.post(path, async (c) => {
    const value = await readJson(c).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 400) return undefined;
      throw error;
    });
    const parsed = bulkPaymentRequest.safeParse(value);
    const requestId = parsed.success ? parsed.data.RequestID : requestIdOf(value);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return refused(c, requestId, `${issue?.path.join(".") || "body"}: ${issue?.message ?? "malformed"}`);
    }
    return receive(deps, c, parsed.data);
  });
  return routes;
}

async function receive(
  deps: DisbursementRouteDependencies,
  c: Caller,
  body: z.infer<typeof bulkPaymentRequest>,
): Promise<Response> {
  const bodyHash = await hashBody(deps.indexKey, c);
  const tokenOf: string | undefined = c.get("institutionId");
  const call = {
    tokenOf: tokenOf ?? null,
    buildingBlock: body.SourceBBID,
    correlationId: undefined,
    bodyHash,
  };
  const institutionId = await deps.store.transaction((tx) => findCaller(tx, call));
  const { RequestID: requestId } = body;
  if (institutionId === undefined)
    return refused(c, requestId, "The source building block is not registered");
  const callbackUrl = optionalHeader(c, "X-Callback-URL", 100) ?? null;
  if (callbackUrl !== null) await deps.checkCallbackUrl(institutionId, callbackUrl);
  const outcome = await acceptBatch(deps, {
    // Another body under the same request id is another request.
    identity: {
      key: { institutionId, call: `POST ${path} ${bytesToHex(bodyHash).slice(0, 32)}`, requestId },
      bodyHash,
    },
    source: "1.0",
    raw: body.CreditInstructions.map(rawItem),
    lengths: { instructionId: 16, narration: 50 },
    externalId: body.BatchID,
    submittedBy: c.get("callerName") ?? institutionId,
    programId: null,
    callbackUrl,
    executeAt: null,
    afterBatchId: null,
    mostFailedPercent: null,
    combined: false,
    answer: () => ({
      status: 200,
      body: JSON.stringify(answerOf("00", "Request successfully received", requestId)),
    }),
  });
  if (outcome.ok && outcome.acceptance.ok)
    return c.body(outcome.acceptance.accepted.body, 200, { "content-type": "application/json" });
  if ("mistakes" in outcome) {
    const [first] = outcome.mistakes;
    return refused(c, requestId, `Instruction ${first?.line}: ${first?.field} ${first?.reason}`);
  }
  const isUnset = !outcome.ok && outcome.refusal === "no-terms";
  return refused(c, requestId, isUnset ? "The source building block does not disburse yet" : "Refused");
}

function rawItem(
  item: z.infer<typeof bulkPaymentRequest>["CreditInstructions"][number],
  index: number,
): RawItem {
  return {
    line: index + 1,
    requestId: item.InstructionID,
    payee: [{ key: "payeeFunctionalID", value: item.PayeeFunctionalID }],
    payer: [],
    paymentMode: undefined,
    amount: item.Amount,
    currency: item.Currency,
    description: item.Narration ?? undefined,
  };
}

function refused(c: Context, requestId: string, description: string): Response {
  return c.json(answerOf("01", description.slice(0, 200), requestId), 400);
}

function answerOf(ResponseCode: "00" | "01", ResponseDescription: string, RequestID: string) {
  return { ResponseCode, ResponseDescription, RequestID };
}

function requestIdOf(value: unknown): string {
  const id = typeof value === "object" && value !== null && "RequestID" in value ? value.RequestID : "";
  return typeof id === "string" ? id.slice(0, 64).toWellFormed() : "";
}
