/** What is asked of the account mapper without changing it: look-ups, validation, a payee and its history, progress. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "@hono/zod-openapi";
import { fieldOfNoText } from "#core/json.ts";
import { acceptMapperRequest, emptyItem } from "../mapper/accept-request.ts";
import type { AskedRequest } from "../mapper/accept-request.ts";
import { failedCase, lookUpBody } from "../mapper/callback.ts";
import { validationAnswerPath } from "../mapper/http-validation.ts";
import { createLookUp, lookUpPayees } from "../mapper/look-up.ts";
import type { LookUpQuestion } from "../mapper/look-up.ts";
import { showHistory, showPayee } from "../mapper/show-payee.ts";
import { takeAccountsAnswer } from "../mapper/validate-at-bank.ts";
import type { AccountsAnswerOutcome } from "../mapper/validate-at-bank.ts";
import { readBody } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { header, requiredHeader } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import type { MapperItem } from "../ports/mapper.ts";
import { acknowledged, answered, callbackOf, identify, unknownCommand } from "./caller-request.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";
import {
  accountLookupRequest,
  accountsAnswerRequest,
  lookUpQuery,
  validateRequest,
} from "./mapper-schemas.ts";
import { outcomeNow } from "./mapper-outcome.ts";
import { pageOf } from "./paging.ts";
import { shownHistory, shownPayee } from "./shown-payee.ts";

export function mapperReads(deps: VoucherRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  const lookUp = createLookUp(deps.store);
  for (const base of ["", "/identityAccountMapper"]) {
    routes.get(`${base}/beneficiary`, (c) => lookUpOne(deps, lookUp, c));
    routes.post(`${base}/accountLookup`, async (c) =>
      lookUpMany(deps, c, await readBody(c, accountLookupRequest)),
    );
  }
  routes.get("/identityAccountMapper/requests/:requestID", (c) =>
    progress(deps, c, c.req.param("requestID")),
  );
  routes.get("/beneficiaries", (c) => list(deps, c));
  routes.post("/beneficiaries", (c) => {
    if (c.req.query("command") === "validate") return validate(deps, c);
    throw unknownCommand(c, "validate");
  });
  routes.post(validationAnswerPath, (c) => takeAnswer(deps, c));
  routes.get("/beneficiaries/:payeeIdentity", (c) => show(deps, c, c.req.param("payeeIdentity")));
  routes.get("/beneficiaries/:payeeIdentity/history", (c) => history(deps, c, c.req.param("payeeIdentity")));
  return routes;
}

async function lookUpOne(
  deps: VoucherRouteDependencies,
  lookUp: ReturnType<typeof createLookUp>,
  c: Caller,
): Promise<Response> {
  requiredHeader(c, "X-Registering-Institution-ID", 20);
  const { payeeIdentity, paymentModality, isExternalLookup, requestId } = queryOf(c);
  const question = { payeeIdentity, modality: paymentModality ?? null };
  const asked = requestId ?? "";
  if (await wantsCallback(deps, c, isExternalLookup === "true"))
    return lookUpLater(deps, c, asked, [question]);
  const answer = await lookUp(c.get("institutionId"), { ...question, cause: `request:${asked}` });
  if (answer.outcome === "found") return c.json(lookUpBody(asked, [[payeeIdentity, answer]]));
  const said = answer.outcome === "inactive" ? "is inactive" : "is not registered, or has no such address";
  throw new Problem(404, `The beneficiary ${said}`, [], requestId);
}

/** Every payee that is asked for is answered, the unknown ones with a reason. */
export async function lookUpMany(
  deps: VoucherRouteDependencies,
  c: Caller,
  { requestID, payeePartyIds }: z.infer<typeof accountLookupRequest>,
): Promise<Response> {
  requiredHeader(c, "X-Registering-Institution-ID", 20);
  const questions = payeePartyIds.map((payeeIdentity) => ({ payeeIdentity, modality: null }));
  if (await wantsCallback(deps, c, c.req.query("isExternalLookup") === "true"))
    return lookUpLater(deps, c, requestID, questions);
  const asked = questions.map((question) => ({ ...question, cause: `request:${requestID}` }));
  const answers = await deps.store.transaction((tx) => lookUpPayees(tx, c.get("institutionId"), asked));
  const named = answers.map((answer, index) => [payeePartyIds[index] ?? "", answer] as const);
  return c.json(lookUpBody(requestID, named));
}

/** Our own mapper answers at once, unless the caller asks for more, or its profile expects a callback. */
async function wantsCallback(
  { store }: VoucherRouteDependencies,
  c: Caller,
  asksFor: boolean,
): Promise<boolean> {
  if (asksFor) return true;
  if (header(c, "X-Callback-URL") === undefined) return false;
  const institution = await store.transaction((tx) => tx.registry.institution(c.get("institutionId")));
  return institution?.profile === "phee";
}

/** A question may be asked again under the same id: it is not a request that happens once. */
async function lookUpLater(
  deps: VoucherRouteDependencies,
  c: Caller,
  requestId: string,
  questions: readonly LookUpQuestion[],
): Promise<Response> {
  const callbackUrl = await callbackOf(deps, c);
  const institutionId = c.get("institutionId");
  const items = questions.map((question, index) => ({ ...emptyItem, ...question, line: index + 1 }));
  await deps.store.transaction(async (tx) => {
    const id = await tx.mapperRequests.insert({
      institutionId,
      action: "look-up",
      face: "current",
      requestId,
      requestKey: crypto.randomUUID(),
      batchId: null,
      programId: null,
      callbackUrl,
      about: null,
    });
    await tx.mapperRequests.addItems({ id, institutionId }, items);
    await tx.jobs.enqueue({ queue: "map-payees", id: String(id) });
  });
  return c.json(
    { responseCode: "00", responseDescription: "Account look-up received", requestID: requestId },
    202,
  );
}

async function validate(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  requiredHeader(c, "X-Registering-Institution-ID", 20);
  const correlationId = requiredHeader(c, "X-CorrelationID", 64);
  const callbackUrl = header(c, "X-Callback-URL") === undefined ? null : await callbackOf(deps, c);
  const body = await readBody(c, validateRequest);
  const bank = await bankOf(deps, body, correlationId);
  const asked = {
    action: bank ? "validate-at-bank" : "validate-addresses",
    face: "current",
    requestId: correlationId,
    batchId: body.batchID,
    programId: null,
    callbackUrl,
  } as const;
  const items = body.creditInstructions.map(({ instructionID, financialAddress }, index): MapperItem => ({
    ...emptyItem,
    line: index + 1,
    instructionId: instructionID,
    address: financialAddress,
  }));
  const identity = await identify(deps, c, `mapper/${asked.action}`, correlationId);
  const answer = {
    responseCode: "00",
    responseDescription: "Account validation request received",
    requestID: correlationId,
  };
  const accepted = await acceptMapperRequest(
    deps.store,
    identity,
    { ...asked, items, ...(bank && { bank }) },
    { ...acknowledged(answer), status: 202 },
  );
  // A bank takes its time: nobody waits for it.
  if (!accepted.ok || callbackUrl !== null || bank) return answered(c, accepted, correlationId);
  return c.json(await outcomeNow(deps.store, identity, asked));
}

/** Which payer bank keeps the accounts, and what it is told; undefined where our own mapper is asked. */
async function bankOf(
  { store }: VoucherRouteDependencies,
  { destinationDFSPID: bank, creditInstructions }: z.infer<typeof validateRequest>,
  correlationId: string,
): Promise<AskedRequest["bank"]> {
  if (bank === undefined || !(await store.transaction((tx) => tx.funds.payerBank(bank)))) return undefined;
  const ids = new Set(creditInstructions.map(({ instructionID }) => instructionID));
  if (ids.size < creditInstructions.length) {
    const reason = "must be another one for each account: the bank answers by it";
    throw new Problem(400, `instructionID ${reason}`, [{ field: "instructionID", reason }], correlationId);
  }
  const payments = creditInstructions.map(({ amount, currency, narration }, index) => ({
    line: index + 1,
    amount: amount ?? null,
    currency: currency ?? null,
    narration: narration ?? null,
  }));
  return { bank, payments };
}

async function takeAnswer(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const body = await readBody(c, accountsAnswerRequest);
  const { clientCorrelationId, batchId, numberOfFailedCases: failedCases, failedAccountLookups } = body;
  const failures = failedAccountLookups.map(({ instructionID, failureReason }) => ({
    instructionId: instructionID,
    failureReason,
  }));
  const answer = { batchId, failedCases, failures };
  const outcome = await takeAccountsAnswer(deps.store, c.get("institutionId"), clientCorrelationId, answer);
  const { status, message } = accountsAnswers[outcome];
  if (status >= 400) throw new Problem(status as 404, message, [], clientCorrelationId);
  return c.json({ clientCorrelationId, outcome: message }, status as 202);
}

const accountsAnswers: Readonly<
  Record<AccountsAnswerOutcome, { readonly status: number; readonly message: string }>
> = {
  taken: { status: 202, message: "taken" },
  late: { status: 202, message: "taken, after the time for it: whoever asked is told again" },
  repeated: { status: 202, message: "taken before" },
  contradicts: { status: 409, message: "Something else was answered before, and stands" },
  "does-not-fit": { status: 400, message: "The answer does not fit what was asked" },
  unknown: { status: 404, message: "This bank was asked no such thing" },
};

async function list(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const { page, size } = pageOf(c);
  const { total, rows } = await deps.store.transaction((tx) =>
    tx.payees.page(c.get("institutionId"), { index: page - 1, size }),
  );
  // A list is for finding one's way; an address is looked up, which leaves a trace.
  return c.json({ page, size, total, beneficiaries: rows.map((row) => shownPayee(row, false)) });
}

async function show(deps: VoucherRouteDependencies, c: Caller, identity: string): Promise<Response> {
  const payee =
    fieldOfNoText(identity) === undefined &&
    (await deps.store.transaction((tx) => showPayee(tx, c.get("institutionId"), identity)));
  if (!payee) throw unknownPayee();
  return c.json(shownPayee(payee, true));
}

async function history(deps: VoucherRouteDependencies, c: Caller, identity: string): Promise<Response> {
  const entries =
    fieldOfNoText(identity) === undefined &&
    (await deps.store.transaction((tx) => showHistory(tx, c.get("institutionId"), identity)));
  if (!entries) throw unknownPayee();
  return c.json(shownHistory(identity, entries));
}

/** How far a request is, and a page of its failed cases. */
async function progress(deps: VoucherRouteDependencies, c: Caller, requestId: string): Promise<Response> {
  const { page, size } = pageOf(c);
  const found = await deps.store.transaction(async (tx) => {
    if (fieldOfNoText(requestId) !== undefined) return undefined;
    const request = await tx.mapperRequests.byRequestId(c.get("institutionId"), requestId);
    if (!request) return undefined;
    const failures = await tx.mapperRequests.failures(request.id, { index: page - 1, size });
    return { request, failures, ...(await tx.mapperRequests.progress(request.id)) };
  });
  if (!found) throw new Problem(404, `There is no mapper request ${requestId.slice(0, 50)}`);
  const { request, failures, total, done, failed, complete } = found;
  return c.json({
    requestID: request.requestId,
    total,
    done,
    failed,
    state: complete ? "complete" : "working",
    failedCases: failures.map((failure) => ({ line: failure.line, ...failedCase(request, failure) })),
  });
}

function queryOf(c: Caller): z.infer<typeof lookUpQuery> {
  const parsed = lookUpQuery.safeParse(c.req.query());
  const errors = (parsed.error?.issues ?? []).map(({ path, message }) => ({
    field: path.join("."),
    reason: message,
  }));
  const noText = parsed.success ? fieldOfNoText(parsed.data) : undefined;
  if (parsed.success && noText === undefined) return parsed.data;
  const [first] = errors;
  throw new Problem(
    400,
    `${first?.field ?? noText}: ${first?.reason ?? "holds a character that is no text"}`,
    errors,
  );
}

function unknownPayee(): Problem {
  return new Problem(404, "The beneficiary is not registered");
}
