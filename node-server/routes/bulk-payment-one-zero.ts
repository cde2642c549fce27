/**
 * `POST /bulk-payment` of the 1.0 API: "00" means received; whether payees are known, approval and funds come later. Every
 * answer echoes the request id.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { MiddlewareHandler } from "hono";
import { DecimalText } from "#core/json.ts";
import { acceptBatch } from "../disbursement/accept.ts";
import type { RawItem } from "../disbursement/files/raw-item.ts";
import { readJson } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { optionalHeader } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import type { ErrorWatch } from "../middleware/problem.ts";
import { findCaller } from "../vouchers/one-zero/call.ts";
import { hashBody } from "./caller-request.ts";
import type { Caller } from "./caller-request.ts";
import type { DisbursementRouteDependencies } from "./disbursements.ts";
import { answerErrors } from "./g2p-one-zero-answers.ts";

export interface BulkPaymentDependencies extends DisbursementRouteDependencies, ErrorWatch {}

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
  deps: BulkPaymentDependencies,
  guard: MiddlewareHandler<CallerVariables> | undefined,
): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  answerErrors(routes, deps);
  if (guard) routes.use(path, guard);
  routes.post(path, async (c) => {
    const parsed = bulkPaymentRequest.safeParse(await readJson(c));
    if (parsed.success) return receive(deps, c, parsed.data);
    const [issue] = parsed.error.issues;
    throw refused(`${issue?.path.join(".") || "body"}: ${issue?.message ?? "malformed"}`);
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
  if (institutionId === undefined) throw refused("The SourceBBID is not registered, or is not the caller");
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
      body: JSON.stringify({
        ResponseCode: "00",
        ResponseDescription: "Request successfully received",
        RequestID: requestId,
      }),
    }),
  });
  if (outcome.ok && outcome.acceptance.ok)
    return c.body(outcome.acceptance.accepted.body, 200, { "content-type": "application/json" });
  if ("mistakes" in outcome) {
    const [first] = outcome.mistakes;
    throw refused(`Instruction ${first?.line}: ${first?.field} ${first?.reason}`);
  }
  const isUnset = !outcome.ok && outcome.refusal === "no-terms";
  throw refused(isUnset ? "The source building block does not disburse yet" : "Refused");
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

function refused(description: string): Problem {
  return new Problem(400, description);
}
