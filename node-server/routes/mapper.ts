/** The calls that change the account mapper (GovStack Payments BB, account mapper, current API). No rules here. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "@hono/zod-openapi";
import { acceptMapperRequest } from "../mapper/accept-request.ts";
import type { ChangingAction } from "../mapper/changes-of.ts";
import { itemOf } from "../mapper/payee-item.ts";
import { checkBody, readBody, readJson } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { header, optionalHeader, requiredHeader } from "../middleware/headers.ts";
import type { BatchFileRouteDependencies } from "./batch-files.ts";
import { acknowledged, answered, callbackOf, identify } from "./caller-request.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";
import { outcomeNow } from "./mapper-outcome.ts";
import { lookUpMany, mapperReads } from "./mapper-reads.ts";
import { accountLookupRequest, beneficiariesRequest } from "./mapper-schemas.ts";
import { payeeFileRoutes } from "./payee-files.ts";

export function mapperRoutes(deps: BatchFileRouteDependencies): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  for (const base of ["", "/identityAccountMapper"]) {
    routes.post(`${base}/beneficiary`, (c) => change(deps, c, "register"));
    routes.put(`${base}/beneficiary`, (c) => updateOrLookUp(deps, c));
    routes.post(`${base}/paymentModality`, (c) => change(deps, c, "add-address"));
    routes.put(`${base}/paymentModality`, (c) => change(deps, c, "update-address"));
  }
  routes.route("/", payeeFileRoutes(deps));
  routes.route("/", mapperReads(deps));
  return routes;
}

/** Unlinking is G2P Connect's. */
type AskedChange = Exclude<ChangingAction, "unlink">;

const descriptions: Readonly<Record<AskedChange, string>> = {
  register: "Beneficiary registration received",
  update: "Beneficiary update received",
  "add-address": "Payment modality registration received",
  "update-address": "Payment modality update received",
};

async function change(deps: VoucherRouteDependencies, c: Caller, action: AskedChange): Promise<Response> {
  return changeAll(deps, c, action, await readBody(c, beneficiariesRequest));
}

/** Published under one path: with `payeePartyIds` it asks, and with `beneficiaries` it updates. */
async function updateOrLookUp(deps: VoucherRouteDependencies, c: Caller): Promise<Response> {
  const value = await readJson(c);
  const names = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return names.some((name) => name.toLowerCase() === "payeepartyids")
    ? lookUpMany(deps, c, checkBody(value, accountLookupRequest))
    : changeAll(deps, c, "update", checkBody(value, beneficiariesRequest));
}

async function changeAll(
  deps: VoucherRouteDependencies,
  c: Caller,
  action: AskedChange,
  body: z.infer<typeof beneficiariesRequest>,
): Promise<Response> {
  requiredHeader(c, "X-Registering-Institution-ID", 20);
  const programId = optionalHeader(c, "X-Program-ID", 20) ?? null;
  const callbackUrl = header(c, "X-Callback-URL") === undefined ? null : await callbackOf(deps, c);
  const { requestID } = body;
  const identity = await identify(deps, c, `mapper/${action}`, requestID);
  const answer = {
    responseCode: "00",
    responseDescription: descriptions[action],
    requestID,
  };
  const asked = {
    action,
    face: "current",
    requestId: requestID,
    batchId: null,
    programId,
    callbackUrl,
  } as const;
  const items = body.beneficiaries.map((payee, index) => itemOf(payee, index + 1));
  const accepted = await acceptMapperRequest(deps.store, identity, { ...asked, items }, acknowledged(answer));
  if (!accepted.ok || callbackUrl !== null) return answered(c, accepted, requestID);
  const { numberFailedCases, failedCases } = await outcomeNow(deps.store, identity, asked);
  return c.json({ ...answer, numberFailedCases, failedCases });
}
