/** The voucher calls of the current API (GovStack Payments BB, vouchers). Handlers read, call and answer; no rules. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { CallerVariables } from "../middleware/caller.ts";
import { readBody } from "../middleware/body.ts";
import { requiredHeader } from "../middleware/headers.ts";
import type { VoucherCommand } from "../ports/store.ts";
import { acceptCommand, acceptCreate, acceptReissue } from "../vouchers/accept.ts";
import { acknowledged, answered, callbackOf, identify, unknownCommand } from "./caller-request.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";
import { redeem, redeemPay } from "./redeem.ts";
import { actionsByName, itemsOf } from "./voucher-items.ts";
import { list, show, validityByBody, validityByQuery } from "./voucher-reads.ts";
import { createVouchersRequest, reissueRequest, voucherCommandRequest } from "./voucher-schemas.ts";

export function voucherRoutes(deps: VoucherRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.post("/vouchers", (c) => {
    switch (c.req.query("command")) {
      case undefined:
        return create(deps, c);
      case "redeem":
        return redeem(deps, c);
      case "redeemPay":
        return redeemPay(deps, c);
      case "cancel":
        return command(deps, c, "cancel");
      case "reissue":
        return reissue(deps, c);
      default:
        throw unknownCommand(c, "cancel, redeem, redeemPay, reissue");
    }
  });
  routes.put("/vouchers", (c) => {
    const name = c.req.query("command");
    if (name === undefined) return command(deps, c, "update");
    if (name === "redeemPay") return redeemPay(deps, c);
    const action = actionsByName.get(name);
    if (!action) throw unknownCommand(c, [...actionsByName.keys(), "redeemPay"].join(", "));
    return command(deps, c, action);
  });
  routes.get("/vouchers", (c) => list(deps, c));
  routes.get("/voucher/validity", (c) => validityByQuery(deps, c));
  routes.post("/voucher/validity", (c) => validityByBody(deps, c));
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
    await identify(deps, c, "POST /vouchers", body.requestID),
    { batchId: body.batchID, programId, callbackUrl, instructions: body.voucherInstructions },
    answer,
  );
  return answered(c, accepted, body.requestID);
}

/** Ours: lost vouchers are cancelled and made anew; called back like create. */
async function reissue(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const callbackUrl = await callbackOf(deps, c);
  const programId = requiredHeader(c, "X-Program-ID", 20);
  const body = await readBody(c, reissueRequest);
  const answer = acknowledged({
    ResponseCode: "00",
    ResponseDescription: "Voucher reissue request received",
    RequestID: body.requestID,
  });
  const accepted = await acceptReissue(
    deps.store,
    await identify(deps, c, "/vouchers?command=reissue", body.requestID),
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
    // Cancel is published with POST and with PUT: one call under two methods.
    await identify(deps, c, `/vouchers?command=${name}`, body.requestID),
    { command: name, batchId: body.batchID, callbackUrl, items: itemsOf(name, body) },
    answer,
  );
  return answered(c, accepted, body.requestID);
}
