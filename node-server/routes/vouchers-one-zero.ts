/** The voucher calls of the 1.0 API (GovStack vouchers, 1.0). Handlers read, call and answer; errors are `{message}`. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { formatMajor } from "#core/money.ts";
import { parseSerial } from "#core/voucher-number.ts";
import { readJson } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { optionalHeader } from "../middleware/headers.ts";
import { Problem, problemOf } from "../middleware/problem.ts";
import type { ErrorWatch } from "../middleware/problem.ts";
import type { CommandDependencies } from "../vouchers/commands.ts";
import type { OneZeroCall } from "../vouchers/one-zero/call.ts";
import { changeOne } from "../vouchers/one-zero/change-one.ts";
import { preactivate } from "../vouchers/one-zero/preactivate.ts";
import type { PreactivationDependencies } from "../vouchers/one-zero/preactivate.ts";
import { redeemByNumber } from "../vouchers/one-zero/redeem-by-number.ts";
import { checkStatus } from "../vouchers/one-zero/status-check.ts";
import { freeAt, holderText } from "../vouchers/lease-holder.ts";
import type { LeaseHolder } from "../vouchers/lease-holder.ts";
import type { RedeemDependencies } from "../vouchers/redeem-online.ts";
import { hashBody } from "./caller-request.ts";
import type { Caller } from "./caller-request.ts";
import {
  activationAnswers,
  cancelAnswers,
  oneZeroProblem,
  preactivationAnswers,
  redemptionAnswers,
  statusAnswers,
} from "./one-zero-answers.ts";
import type { OneZeroAnswer } from "./one-zero-answers.ts";
import {
  activationRequest,
  cancelRequest,
  preactivationRequest,
  redemptionRequest,
} from "./one-zero-schemas.ts";

export interface OneZeroDependencies
  extends PreactivationDependencies, RedeemDependencies, CommandDependencies, ErrorWatch {}

/** `guard` lets the caller in and sets its institution; a sandbox has none. */
export function oneZeroRoutes(
  deps: OneZeroDependencies,
  guard: MiddlewareHandler<CallerVariables> | undefined,
): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.onError((error, c) => oneZeroError(deps, error, c));
  const status = "/vouchers/voucherstatuscheck/:serial";
  if (guard) for (const path of [...oneZeroPaths, status]) routes.use(path, guard);
  routes.post("/vouchers/voucher_preactivation", (c) => preactivation(deps, c));
  routes.patch("/vouchers/voucher_activation", (c) => activation(deps, c));
  for (const path of ["/vouchers/voucher_redemption", "/vouchers/voucher_redeemption"])
    routes.post(path, (c) => redemption(deps, c));
  routes.get(status, (c) => statusCheck(deps, c, c.req.param("serial")));
  routes.patch(status, (c) => cancel(deps, c, c.req.param("serial")));
  return routes;
}

export const isOneZeroPath = (path: string) => /^\/vouchers\/voucher(_|statuscheck)/.test(path);

const oneZeroPaths = [
  "/vouchers/voucher_preactivation",
  "/vouchers/voucher_activation",
  "/vouchers/voucher_redemption",
  "/vouchers/voucher_redeemption",
];

async function preactivation(deps: OneZeroDependencies, c: Caller): Promise<Response> {
  const body = await readFields(c, preactivationRequest);
  const outcome = await preactivate(deps, await callOf(deps, c, body.Gov_Stack_BB), {
    amount: body.voucher_amount,
    currency: body.voucher_currency,
    group: body.voucher_group,
    comment: body.voucher_comment ?? "",
  });
  if (!outcome.ok) throw oneZeroProblem(preactivationAnswers[outcome.code]);
  return answered(c, outcome.value);
}

async function activation(deps: OneZeroDependencies, c: Caller): Promise<Response> {
  const body = await readFields(c, activationRequest);
  const outcome = await changeOne(
    deps,
    await callOf(deps, c, body.Gov_Stack_BB),
    { action: "activate", serialNumber: body.voucher_serial_number ?? "" },
    {
      done: () => JSON.stringify({ result_status: "Voucher is successfully activated" }),
      instead: { "already-activated": JSON.stringify({ result_status: "Already activated" }) },
    },
  );
  if (!outcome.ok) throw oneZeroProblem(activationAnswers[outcome.code]);
  return answered(c, outcome.value);
}

async function redemption(deps: OneZeroDependencies, c: Caller): Promise<Response> {
  const body = await readFields(c, redemptionRequest);
  const outcome = await redeemByNumber(deps, await callOf(deps, c, body.Gov_Stack_BB), {
    voucherNumber: body.voucher_number,
    merchantName: body.merchant_name ?? "",
    merchantBankDetails: body.merchant_bank_details ?? "",
    merchantVoucherGroup: body.merchant_voucher_group,
    override: body.override ?? false,
  });
  if (outcome.outcome === "paid") return c.json({ result_status: "Voucher is successfully redeemed" });
  const refusal = outcome.outcome === "refused" ? outcome.code : outcome.outcome;
  const answer = redemptionAnswers[refusal];
  const holder = outcome.outcome === "refused" ? outcome.holder : undefined;
  throw oneZeroProblem(holder ? heldElsewhere(answer, holder, deps.graceMs) : answer);
}

function heldElsewhere(
  { status, message }: OneZeroAnswer,
  holder: LeaseHolder,
  graceMs: number,
): OneZeroAnswer {
  const until = freeAt(holder, graceMs).toISOString();
  return {
    status,
    message: `${message}: ${holderText(holder)}. It is asked to give it back; it is free at ${until} at the latest`,
  };
}

async function statusCheck(deps: OneZeroDependencies, c: Caller, serial: string): Promise<Response> {
  if (!/^[A-Za-z0-9_-]{1,25}$/.test(serial))
    throw new Problem(400, "The serial number must be 1 to 25 letters, digits, dashes or underscores");
  const checked = await checkStatus(deps.store, tokenOf(c), serial);
  if (!checked.ok) throw oneZeroProblem(statusAnswers[checked.code]);
  return c.json({ voucher_status: checked.status, voucher_amount: formatMajor(checked.money) });
}

async function cancel(deps: OneZeroDependencies, c: Caller, serial: string): Promise<Response> {
  const body = await readFields(c, cancelRequest);
  const serialNumber = body.voucherserialnumber;
  if (!isSameSerial(serial, serialNumber))
    throw new Problem(400, "The serial number of the path and voucherserialnumber must be the same");
  const outcome = await changeOne(
    deps,
    await callOf(deps, c, body.Gov_Stack_BB),
    { action: "cancel", serialNumber },
    { done: ({ pending, pendingUntil }) => cancelled(pending !== null, pendingUntil), instead: {} },
  );
  if (!outcome.ok) throw oneZeroProblem(cancelAnswers[outcome.code]);
  return answered(c, outcome.value);
}

function cancelled(isPending: boolean, until: Date | null): string {
  const waits = until ? `at the latest at ${until.toISOString()}` : "when its redemption has ended";
  const message = isPending
    ? `The cancellation is noted: a shop holds the voucher; it takes effect ${waits} unless the voucher is redeemed first`
    : "The voucher is cancelled";
  return JSON.stringify({ message });
}

function isSameSerial(one: string, other: string): boolean {
  const serial = parseSerial(one);
  return serial === undefined ? one === other : serial === parseSerial(other);
}

/** A body that is no object, or an empty one, is 400 like a malformed one. */
async function readFields<T>(c: Caller, schema: z.ZodType<T>): Promise<T> {
  if ((await c.req.text()).trim() === "") throw new Problem(400, "The request has no body");
  const value = await readJson(c);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Problem(400, "The body must be a JSON object");
  if (Object.keys(value).length === 0) throw new Problem(400, "The body is empty");
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Problem(400, `${issue?.path.join(".") ?? "body"}: ${issue?.message ?? "malformed"}`);
}

async function callOf(
  deps: OneZeroDependencies,
  c: Caller,
  buildingBlock: string | null,
): Promise<OneZeroCall> {
  return {
    tokenOf: tokenOf(c),
    buildingBlock,
    correlationId: optionalHeader(c, "X-CorrelationID", 64),
    bodyHash: await hashBody(deps.indexKey, c),
  };
}

/** Nobody has set the institution where there is no guard. */
function tokenOf(c: Caller): string | null {
  const institutionId: string | undefined = c.get("institutionId");
  return institutionId ?? null;
}

function answered(c: Caller, body: string): Response {
  return c.body(body, 200, { "content-type": "application/json" });
}

/** An error as these calls tell it. */
export function oneZeroError(watch: ErrorWatch, error: Error, c: Context): Response {
  const { message, status } = problemOf(watch, error, c);
  return c.json({ message }, status);
}
