/**
 * The account mapper in the first generation of the API (GovStack G2P, 1.0). Every answer is `{ResponseCode,
 * ResponseDescription, RequestID}`. Handlers read, call and answer; no rules here.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { acceptMapperRequest, emptyItem } from "../mapper/accept-request.ts";
import { readJson } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { header } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import type { ErrorWatch } from "../middleware/problem.ts";
import type { MapperAction, MapperItem } from "../ports/mapper.ts";
import { findCaller } from "../vouchers/one-zero/call.ts";
import { hashBody } from "./caller-request.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";
import { answerErrors, requestIdOf, said } from "./g2p-one-zero-answers.ts";
import {
  beneficiariesOneZero,
  prepaymentValidation,
  prepaymentValidationResponse,
} from "./mapper-one-zero-schemas.ts";

export interface MapperOneZeroDependencies extends VoucherRouteDependencies, ErrorWatch {}

/** `guard` lets the caller in and sets its institution; a sandbox has none. */
export function mapperOneZeroRoutes(
  deps: MapperOneZeroDependencies,
  guard: MiddlewareHandler<CallerVariables> | undefined,
): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  answerErrors(routes, deps);
  if (guard) for (const path of mapperOneZeroPaths) routes.use(path, guard);
  routes.post("/register-beneficiary", (c) => change(deps, c, "register"));
  routes.post("/update-beneficiary-details", (c) => change(deps, c, "update"));
  routes.post("/prepayment-validation", (c) => validatePayees(deps, c));
  routes.post("/prepayment-validation-response", (c) => takeResponse(c));
  return routes;
}

export const mapperOneZeroPaths = [
  "/register-beneficiary",
  "/update-beneficiary-details",
  "/prepayment-validation",
  "/prepayment-validation-response",
];

async function change(
  deps: MapperOneZeroDependencies,
  c: Caller,
  action: "register" | "update",
): Promise<Response> {
  const body = await read(c, beneficiariesOneZero);
  const items = body.Beneficiaries.map((payee, index): MapperItem => ({
    ...emptyItem,
    line: index + 1,
    payeeIdentity: payee.PayeeFunctionalID,
    modality: payee.PaymentModality ?? null,
    address: payee.FinancialAddress ?? null,
  }));
  const description =
    action === "register" ? "Beneficiary registration received" : "Beneficiary update received";
  return accept(deps, c, { action, body, batchId: null, items, description });
}

/** Published to answer 200 whatever is wrong with the request; its code tells. */
async function validatePayees(deps: MapperOneZeroDependencies, c: Caller): Promise<Response> {
  try {
    const body = await read(c, prepaymentValidation);
    const items = body.CreditInstructions.map(({ InstructionID, PayeeFunctionalID }, index): MapperItem => ({
      ...emptyItem,
      line: index + 1,
      instructionId: InstructionID,
      payeeIdentity: PayeeFunctionalID,
    }));
    const description = "Prepayment validation received";
    return await accept(deps, c, {
      action: "validate-payees",
      body,
      batchId: body.BatchID,
      items,
      description,
    });
  } catch (error) {
    if (error instanceof Problem && error.status === 400)
      return said(c, 200, "01", error.message, await requestIdOf(c));
    throw error;
  }
}

interface Asked {
  readonly action: MapperAction;
  readonly body: { readonly RequestID: string; readonly SourceBBID: string };
  readonly batchId: string | null;
  readonly items: readonly MapperItem[];
  readonly description: string;
}

/** Another body under a used id is another request here: published clients send both. */
async function accept(deps: MapperOneZeroDependencies, c: Caller, asked: Asked): Promise<Response> {
  const { action, body, batchId, items } = asked;
  // Nobody has set the institution where there is no guard.
  const tokenOf = (c.get("institutionId") as string | undefined) ?? null;
  const bodyHash = await hashBody(deps.indexKey, c);
  const call = { tokenOf, buildingBlock: body.SourceBBID, correlationId: undefined, bodyHash };
  const institutionId = await deps.store.transaction((tx) => findCaller(tx, call));
  if (institutionId === undefined)
    throw new Problem(400, "The SourceBBID is not registered, or is not the caller");
  const requestId = `${body.RequestID}/${bytesToHex(bodyHash).slice(0, 32)}`;
  const key = { institutionId, call: `mapper-1.0/${action}`, requestId };
  const answer = {
    ResponseCode: "00",
    ResponseDescription: asked.description,
    RequestID: body.RequestID,
  };
  const accepted = await acceptMapperRequest(
    deps.store,
    { key, bodyHash },
    {
      action,
      face: "1.0",
      requestId: body.RequestID,
      batchId,
      programId: null,
      callbackUrl: await callableUrl(deps, c, institutionId),
      items,
    },
    { status: 200, body: JSON.stringify(answer) },
  );
  if (!accepted.ok) throw new Problem(400, `The request is refused: ${accepted.refusal}`);
  return c.json(answer);
}

/** In this generation a callback is optional: a URL that may not be called is not called. */
async function callableUrl(
  deps: MapperOneZeroDependencies,
  c: Caller,
  institutionId: string,
): Promise<string | null> {
  const url = header(c, "X-Callback-URL");
  if (url === undefined || url.length > 100) return null;
  return deps.checkCallbackUrl(institutionId, url).then(
    () => url,
    (error: unknown) => {
      if (error instanceof Problem) return null;
      throw error;
    },
  );
}

/** What a payer bank found out of a batch that it was asked about; taken as it comes. */
async function takeResponse(c: Caller): Promise<Response> {
  const { RequestID } = await read(c, prepaymentValidationResponse);
  return said(c, 200, "00", "Prepayment validation response received", RequestID);
}

async function read<T>(c: Caller, schema: z.ZodType<T>): Promise<T> {
  if ((await c.req.text()).trim() === "") throw new Problem(400, "The request has no body");
  const parsed = schema.safeParse(await readJson(c));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Problem(400, `${issue?.path.join(".") || "body"}: ${issue?.message ?? "malformed"}`);
}
