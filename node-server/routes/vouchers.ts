/** The voucher calls of the current API (GovStack Payments BB, vouchers). Handlers read, call and answer; no rules. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { formatSerial, parseSerial } from "#core/voucher-number.ts";
import { rawNumber } from "#core/json.ts";
import { formatMajor } from "#core/money.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { readBody } from "../middleware/body.ts";
import { requiredHeader } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import type { Store, VoucherCommand, VoucherRow } from "../ports/store.ts";
import { acceptCommand, acceptCreate } from "../vouchers/accept.ts";
import type { Acceptance, RequestIdentity } from "../vouchers/accept.ts";
import { redeemOnline } from "../vouchers/redeem-online.ts";
import { statusOf } from "../vouchers/status.ts";
import { acceptProblem, redeemMessages } from "./voucher-answers.ts";
import { actionsByName, itemsOf } from "./voucher-items.ts";
import { createVouchersRequest, redeemRequest, voucherCommandRequest } from "./voucher-schemas.ts";

export interface VoucherRouteDependencies {
  readonly store: Store;
  readonly gateway: PaymentGateway;
  readonly indexKey: Uint8Array;
  readonly checkCallbackUrl: (institutionId: string, url: string) => Promise<void>;
}

type Caller = Context<CallerVariables>;

export function voucherRoutes(deps: VoucherRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.post("/vouchers", (c) => {
    switch (c.req.query("command")) {
      case undefined:
        return create(deps, c);
      case "redeem":
        return redeem(deps, c);
      case "cancel":
        return command(deps, c, "cancel");
      default:
        throw unknownCommand(c, "cancel, redeem");
    }
  });
  routes.put("/vouchers", (c) => {
    const name = c.req.query("command");
    if (name === undefined) return command(deps, c, "update");
    const action = actionsByName.get(name);
    if (!action) throw unknownCommand(c, [...actionsByName.keys()].join(", "));
    return command(deps, c, action);
  });
  for (const path of ["/vouchers/:serialNumber", "/voucher/:serialNumber"]) {
    routes.get(path, (c) => show(deps, c, c.req.param("serialNumber") ?? ""));
  }
  return routes;
}

async function create(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const callbackUrl = await callbackOf(deps, c);
  const programId = requiredHeader(c, "X-Program-ID", 20);
  requiredHeader(c, "X-Registering-Institution-ID", 20);
  const body = await readBody(c, createVouchersRequest);
  const answer = acknowledged({
    ResponseCode: "00",
    ResponseDescription: "Voucher creation request received",
    RequestID: body.requestID,
  });
  const accepted = await acceptCreate(
    deps.store,
    await identify(deps, c, body.requestID),
    { batchId: body.batchID, programId, callbackUrl, instructions: body.voucherInstructions },
    answer,
  );
  return answered(c, accepted, body.requestID);
}

async function command(deps: VoucherRouteDependencies, c: Caller, name: VoucherCommand): Promise<Response> {
  const callbackUrl = await callbackOf(deps, c);
  const body = await readBody(c, voucherCommandRequest);
  const description = `Voucher ${name} request received`;
  const answer = acknowledged(
    name === "cancel"
      ? { responseCode: "00", responseDescription: description, requestID: body.requestID }
      : { ResponseCode: "00", ResponseDescription: description, RequestID: body.requestID },
  );
  const accepted = await acceptCommand(
    deps.store,
    await identify(deps, c, body.requestID),
    { command: name, batchId: body.batchID, callbackUrl, items: itemsOf(name, body) },
    answer,
  );
  return answered(c, accepted, body.requestID);
}

async function redeem(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const body = await readBody(c, redeemRequest);
  const outcome = await redeemOnline(deps, await identify(deps, c, body.requestID), {
    serialNumber: body.voucherSerialNumber,
    voucherNumber: body.voucherSecretNumber,
    agentId: body.agentID,
  });
  const timestamp = new Date().toISOString();
  switch (outcome.outcome) {
    case "paid":
      return c.json({
        status: 1,
        message: "REDEEMED",
        detail: "The voucher was redeemed",
        serialNumber: formatSerial(outcome.claim.serial),
        value: rawNumber(formatMajor(outcome.claim)),
        timestamp,
        transactionId: outcome.claim.transactionId,
      });
    case "refused": {
      const serial = parseSerial(body.voucherSerialNumber);
      return c.json({
        status: 0,
        ...redeemMessages[outcome.code],
        serialNumber: serial === undefined ? body.voucherSerialNumber : formatSerial(serial),
        value: outcome.voucher ? rawNumber(formatMajor(outcome.voucher)) : 0,
        timestamp,
      });
    }
    case "unknown":
      throw new Problem(
        504,
        "The outcome is not known yet; ask again with the same requestID",
        [],
        body.requestID,
      );
    case "other-body":
      throw acceptProblem("other-body", body.requestID);
  }
}

async function show(deps: VoucherRouteDependencies, c: Caller, serialNumber: string): Promise<Response> {
  const serial = parseSerial(serialNumber);
  const voucher = await deps.store.transaction(async (tx) =>
    serial === undefined ? undefined : tx.vouchers.find(serial),
  );
  if (!voucher) return c.json({ status: 9, message: "Not Existing", serialNumber, value: 0 }, 400);
  if (voucher.institutionId !== c.get("institutionId")) {
    throw new Problem(403, "The voucher belongs to another institution");
  }
  const fields = c.req.query("fields");
  if (fields === "token") return showToken(c, voucher);
  if (fields !== undefined && fields !== "status") {
    throw new Problem(400, `Unknown fields ${fields}; use status or token`, [
      { field: "fields", reason: "must be status or token" },
    ]);
  }
  return c.json({
    ...statusOf(voucher, new Date()),
    serialNumber: formatSerial(voucher.serial),
    value: rawNumber(formatMajor(voucher)),
  });
}

function showToken(c: Caller, voucher: VoucherRow): Response {
  if (voucher.token === null) throw new Problem(400, "The voucher is not activated yet, so it has no token");
  return c.json({ serialNumber: formatSerial(voucher.serial), token: voucher.token });
}

async function callbackOf(deps: VoucherRouteDependencies, c: Caller): Promise<string> {
  const url = requiredHeader(c, "X-Callback-URL", 100);
  await deps.checkCallbackUrl(c.get("institutionId"), url);
  return url;
}

async function identify(
  deps: VoucherRouteDependencies,
  c: Caller,
  requestId: string,
): Promise<RequestIdentity> {
  const name = c.req.query("command");
  // Cancel is published with POST and with PUT: one call under two methods.
  const call = name === undefined ? "POST /vouchers" : `/vouchers?command=${name}`;
  return {
    key: { institutionId: c.get("institutionId"), call, requestId },
    bodyHash: hmac(sha256, deps.indexKey, utf8ToBytes(`request-body/${await c.req.text()}`)),
  };
}

function acknowledged(body: Record<string, string>): { readonly status: number; readonly body: string } {
  return { status: 200, body: JSON.stringify(body) };
}

function answered(c: Caller, acceptance: Acceptance, requestId: string): Response {
  if (!acceptance.ok) throw acceptProblem(acceptance.refusal, requestId);
  const { status, body } = acceptance.accepted;
  return c.body(body, status as 200, { "content-type": "application/json" });
}

function unknownCommand(c: Caller, known: string): Problem {
  return new Problem(
    400,
    `Unknown command ${c.req.query("command") ?? "(none)"}; use ${known}`.slice(0, 200),
    [{ field: "command", reason: `must be one of ${known}` }],
  );
}
