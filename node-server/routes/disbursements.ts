/** Bulk disbursement (GovStack Payments BB): handing a batch in, and how it stands. Handlers read, call and answer. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { acceptBatch } from "../disbursement/accept.ts";
import type { BatchAcceptance } from "../disbursement/accept.ts";
import type { Addresses } from "../addresses.ts";
import { statusBody } from "../disbursement/reports.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { optionalHeader, requiredHeader } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import type { DisbursementBatch } from "../ports/disbursement.ts";
import type { Tx } from "../ports/store.ts";
import { answered } from "./caller-request.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";
import { mistakesProblem, optionsOf, readBatch } from "./disbursement-request.ts";

export interface DisbursementRouteDependencies extends VoucherRouteDependencies {
  readonly addresses: Addresses;
}

/** A status push and a poll tell the same; asking more often than this tells nothing new. */
const suggestedCallbackSeconds = 60;

export function disbursementRoutes(deps: DisbursementRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.post("/batchtransactions", (c) => submit(deps, c));
  for (const path of ["/batch/Summary/:batchId", "/batch/summary/:batchId"])
    routes.get(path, async (c) => {
      const { batch, totals, at } = await deps.store.transaction(async (tx) => {
        const found = await batchOf(tx, c, c.req.param("batchId") ?? "");
        return { batch: found, totals: await tx.disbursements.totals(found.id), at: await tx.now() };
      });
      const note = batch.stateReason ?? "";
      return c.json({ ...statusBody(batch, { ...totals, at, note }), state: batch.state });
    });
  return routes;
}

async function submit(deps: DisbursementRouteDependencies, c: Caller): Promise<Response> {
  const institutionId = c.get("institutionId");
  const requestId = requiredHeader(c, "X-CorrelationID", 64);
  requiredHeader(c, "Platform-TenantId", 20);
  const callbackUrl = requiredHeader(c, "X-Callback-URL", 100);
  await deps.checkCallbackUrl(institutionId, callbackUrl);
  const options = optionsOf(c);
  const read = await readBatch(c, deps.indexKey);
  const key = { institutionId, call: "POST /batchtransactions", requestId };
  const outcome = await acceptBatch(deps, {
    identity: { key, bodyHash: read.bodyHash },
    source: read.source,
    raw: read.raw,
    lengths:
      read.source === "pain.001"
        ? { instructionId: 35, narration: 140 }
        : { instructionId: 16, narration: 50 },
    externalId: read.externalId,
    submittedBy: c.get("callerName"),
    programId: optionalHeader(c, "X-Program-ID", 20) ?? null,
    callbackUrl,
    executeAt: options.executeAt === undefined ? read.executeAt : new Date(options.executeAt),
    afterBatchId: options.afterBatch ?? null,
    mostFailedPercent: options.mostFailedPercent ?? null,
    combined: options.combine === "true",
    answer: (batchId) => ({ status: 202, body: JSON.stringify(acknowledgement(batchId)) }),
  });
  return batchAnswer(c, outcome, requestId);
}

function acknowledgement(batchId: string) {
  return {
    batchId,
    PollingPath: `/batch/Summary/${batchId}`,
    SuggestedCallbackSeconds: suggestedCallbackSeconds,
  };
}

function batchAnswer(c: Caller, outcome: BatchAcceptance, requestId: string): Response {
  if (outcome.ok) return answered(c, outcome.acceptance, requestId);
  if ("mistakes" in outcome) throw mistakesProblem(outcome.mistakes, requestId);
  const { status, message } = refusals[outcome.refusal];
  throw new Problem(status, message, [], requestId);
}

const refusals = {
  "no-terms": {
    status: 403,
    message: "The institution does not disburse through this server yet: an operator sets its terms",
  },
  "unknown-after": { status: 400, message: "afterBatch names no batch of the institution" },
} as const;

/** The caller's batch of that id. Throws 404 where there is none, or it is another institution's. */
export async function batchOf(tx: Tx, c: Caller, batchId: string): Promise<DisbursementBatch> {
  const batch = /^[\x20-\x7e]{1,50}$/.test(batchId) ? await tx.disbursements.byBatchId(batchId) : undefined;
  if (!batch || batch.institutionId !== c.get("institutionId"))
    throw new Problem(404, `There is no batch ${batchId.slice(0, 50)}`);
  return batch;
}
