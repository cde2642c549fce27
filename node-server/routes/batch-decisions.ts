/**
 * What people and banks decide about a batch: its approval, its authorisation, and how it goes on (GovStack Payments BB,
 * bulk disbursement). Handlers read, call and answer.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { BatchState } from "#core/batch.machine.ts";
import { DecimalText } from "#core/json.ts";
import { parseMajor } from "#core/money.ts";
import { answerFundsRequest } from "../disbursement/answer-funds.ts";
import { approveBatch } from "../disbursement/approve.ts";
import { takeFundsAnswer } from "../disbursement/authorise.ts";
import type { FundsAnswerOutcome } from "../disbursement/authorise.ts";
import { approvalText } from "../disbursement/content-hash.ts";
import { batchCommands, controlBatch } from "../disbursement/control.ts";
import type { BatchCommand } from "../disbursement/control.ts";
import { readBody } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { requiredHeader } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import { answered, callbackOf, identify, unknownCommand } from "./caller-request.ts";
import type { Caller } from "./caller-request.ts";
import { batchOf } from "./disbursements.ts";
import type { DisbursementRouteDependencies } from "./disbursements.ts";

export function batchDecisionRoutes(deps: DisbursementRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.get("/batches/:batchId/approval", async (c) => {
    const batch = await deps.store.transaction((tx) => batchOf(tx, c, c.req.param("batchId")));
    const { batchId, state, submittedBy, approvedBy } = batch;
    return c.json({ batchId, state, submittedBy, approvedBy, toSign: approvalText(batch) });
  });
  routes.post("/batches/:batchId/approval", (c) => approve(deps, c, c.req.param("batchId")));
  routes.post("/batches/:batchId/authorization", (c) => authorization(deps, c, c.req.param("batchId")));
  routes.post("/batches/:batchId", async (c) => {
    const name = c.req.query("command") ?? "";
    if (name === "authorize") return authorize(deps, c, c.req.param("batchId"));
    if (!isCommand(name)) throw unknownCommand(c, ["authorize", ...batchCommands].join(", "));
    return command(deps, c, c.req.param("batchId"), name);
  });
  return routes;
}

export const approvalRequest = z.object({
  approver: z.string().min(1).max(50),
  signature: z.base64().max(100),
});

async function approve(deps: DisbursementRouteDependencies, c: Caller, batchId: string): Promise<Response> {
  const { approver, signature } = await readBody(c, approvalRequest);
  const outcome = await approveBatch(deps.store, {
    institutionId: c.get("institutionId"),
    batchId,
    signatory: approver,
    signature: new Uint8Array(Buffer.from(signature, "base64")),
  });
  if (outcome.ok) return c.json({ batchId, approvedBy: approver });
  if (outcome.code === "batch-state") throw stateProblem(outcome.state);
  const { status, message } = approvalRefusals[outcome.code];
  throw new Problem(status, message);
}

const approvalRefusals = {
  "unknown-batch": { status: 404, message: "There is no such batch" },
  "unknown-signatory": {
    status: 403,
    message: "The approver is no signatory of the institution, or nobody has confirmed the key yet",
  },
  "same-person": { status: 403, message: "Whoever submitted a batch does not approve it" },
  "bad-signature": {
    status: 400,
    message: "The signature is not the approver's over the batch: sign toSign of GET …/approval with Ed25519",
  },
} as const;

export const authorizationRequest = z.object({
  clientCorrelationId: z.string().min(1).max(64),
  status: z.enum(["Y", "N"]),
  reason: z.string().max(100).default(""),
});

async function authorization(
  deps: DisbursementRouteDependencies,
  c: Caller,
  batchId: string,
): Promise<Response> {
  const { clientCorrelationId, status, reason } = await readBody(c, authorizationRequest);
  const bank = c.get("institutionId");
  const answer = { status, reason };
  const outcome = await takeFundsAnswer(deps.store, bank, batchId, clientCorrelationId, answer);
  const told = authorizationAnswers[outcome];
  if (told.status >= 400) throw new Problem(told.status as 404, told.message);
  return c.json({ clientCorrelationId, outcome: told.message }, told.status as 202);
}

const authorizationAnswers: Readonly<
  Record<FundsAnswerOutcome, { readonly status: number; readonly message: string }>
> = {
  taken: { status: 202, message: "taken" },
  repeated: { status: 202, message: "taken before" },
  "too-late": { status: 202, message: "too late: the batch was called off; release what is held for it" },
  contradicts: { status: 409, message: "The opposite was answered before, and stands" },
  unknown: { status: 404, message: "This bank was asked no such thing" },
};

export const fundsRequest = z.object({
  batchID: z.string().min(1).max(50),
  payerIdentifier: z.string().min(1).max(20),
  currency: z.string().length(3),
  amount: z
    .union([z.number(), z.string(), z.instanceof(DecimalText)])
    .transform((value) => (value instanceof DecimalText ? value.text : String(value)))
    .openapi({ type: "number" }),
});

/** Somebody asks us, as the payer bank of its money. */
async function authorize(deps: DisbursementRouteDependencies, c: Caller, batchId: string): Promise<Response> {
  const callbackUrl = await callbackOf(deps, c);
  const requestId = requiredHeader(c, "X-CorrelationID", 64);
  const body = await readBody(c, fundsRequest);
  const refused = (field: string, reason: string) =>
    new Problem(400, `${field} ${reason}`, [{ field, reason }], requestId);
  if (body.batchID !== batchId) throw refused("batchID", "is not the one of the path");
  const parsed = parseMajor(body.amount, body.currency);
  if (!parsed.ok) throw refused("amount", parsed.refusal.code);
  const identity = await identify(deps, c, "POST /batches?command=authorize", requestId);
  const { payerIdentifier } = body;
  const request = { ...parsed.money, batchId, payerIdentifier, callbackUrl };
  const answer = { status: 202, body: JSON.stringify({ batchID: batchId, requestID: requestId }) };
  return answered(c, await answerFundsRequest(deps.store, identity, request, answer), requestId);
}

function isCommand(name: string): name is BatchCommand {
  return batchCommands.some((command) => command === name);
}

async function command(
  deps: DisbursementRouteDependencies,
  c: Caller,
  batchId: string,
  name: BatchCommand,
): Promise<Response> {
  const id = (await deps.store.transaction((tx) => batchOf(tx, c, batchId))).id;
  const outcome = await controlBatch(deps.store, id, name, {
    actor: `${c.get("institutionId")}:${c.get("callerName")}`,
    reason: c.req.query("reason") ?? "",
  });
  if (!outcome.ok) throw stateProblem(outcome.refusal.state);
  return c.json({ batchId, state: outcome.next });
}

function stateProblem(state: BatchState): Problem {
  return new Problem(409, `The batch is ${state}, and does not take this now`);
}
