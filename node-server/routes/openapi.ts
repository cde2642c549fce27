/** The published description of the API, generated from the schemas that check the requests. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { CallerVariables } from "../middleware/caller.ts";
import { voucherActions } from "../ports/store.ts";
import { describeDisbursement } from "./disbursement-openapi.ts";
import { holderRequest, leaseRequest, renewalRequest } from "./leases.ts";
import { enrolmentRequest, nodeKeyRequest } from "./nodes.ts";
import { describeBills } from "./bill-openapi.ts";
import { describeG2pConnect } from "./g2p-connect-openapi.ts";
import { describeMapperOneZero } from "./mapper-one-zero-openapi.ts";
import { describeMapper } from "./mapper-openapi.ts";
import { describeOneZero } from "./one-zero-openapi.ts";
import { answer, json, pageQuery, readRefusals, refusals } from "./openapi-parts.ts";
import { describeStatements } from "./statements-openapi.ts";
import {
  acknowledgement,
  callbackPageAnswer,
  batchFileAcknowledgement,
  batchProgressAnswer,
  cancelAcknowledgement,
  createVouchersRequest,
  errorAnswer,
  redeemAnswer,
  redeemRequest,
  reissueRequest,
  stockAnswer,
  validityAnswer,
  validityRequest,
  voucherAnswer,
  voucherCommandRequest,
  voucherPageAnswer,
  voucherStatusAnswer,
  voucherTokenAnswer,
} from "./voucher-schemas.ts";

export function describeApi(app: OpenAPIHono<CallerVariables>): void {
  const registry = app.openAPIRegistry;
  registry.registerComponent("securitySchemes", "caller", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
  });
  describeDisbursement(app);
  registry.registerComponent("securitySchemes", "node", { type: "http", scheme: "bearer" });
  registry.registerPath({
    method: "post",
    path: "/vouchers",
    tags: ["Vouchers"],
    summary: "Create, redeem, cancel or reissue vouchers",
    description: "Without a command: create. The outcome of create, cancel and redeemPay comes by callback.",
    security: [{ caller: [] }],
    request: {
      headers: callbackHeaders.partial(),
      query: z.object({ command: z.enum(["redeem", "redeemPay", "cancel", "reissue"]).optional() }),
      body: json(z.union([createVouchersRequest, redeemRequest, voucherCommandRequest, reissueRequest])),
    },
    responses: {
      200: answer(
        "Received, or the outcome of a redemption",
        z.union([acknowledgement, cancelAcknowledgement, redeemAnswer]),
      ),
      504: answer("The outcome is not known yet: ask again with the same requestID", errorAnswer),
      ...refusals,
    },
  });
  registry.registerPath({
    method: "put",
    path: "/vouchers",
    tags: ["Vouchers"],
    summary: "Activate, suspend, unsuspend, block, cancel or purge vouchers",
    description:
      "Without a command each instruction's status decides: 02 activate, 03 cancel, 06 suspend. The outcome of " +
      "each instruction comes by callback.",
    security: [{ caller: [] }],
    request: {
      headers: callbackHeaders.pick({ "X-Callback-URL": true }),
      query: z.object({ command: z.enum(["reactivate", "redeemPay", ...voucherActions]).optional() }),
      body: json(z.union([voucherCommandRequest, redeemRequest])),
    },
    responses: {
      200: answer(
        "Received; the outcome comes by callback",
        z.union([acknowledgement, cancelAcknowledgement]),
      ),
      ...refusals,
    },
  });
  registry.registerPath({
    method: "get",
    path: "/vouchers",
    tags: ["Vouchers"],
    summary: "The caller's vouchers, page by page",
    security: [{ caller: [] }],
    request: { query: pageQuery },
    responses: { 200: answer("A page in the order of the serials", voucherPageAnswer), ...readRefusals },
  });
  registry.registerPath({
    method: "get",
    path: "/voucher/validity",
    tags: ["Vouchers"],
    summary: "Whether a voucher could be redeemed now",
    description: "A number does not belong into a URL: ask by POST for anything but a serial.",
    security: [{ caller: [] }],
    request: { query: z.object({ serialNumber: z.string().max(20) }) },
    responses: { 200: answer("Valid or not", validityAnswer), ...readRefusals },
  });
  registry.registerPath({
    method: "post",
    path: "/voucher/validity",
    tags: ["Vouchers"],
    summary: "Whether a voucher could be redeemed now, by its serial or by its number and group",
    security: [{ caller: [] }],
    request: { body: json(validityRequest) },
    responses: {
      200: answer("Valid or not", validityAnswer),
      429: answer("Too many wrong numbers within an hour", errorAnswer),
      ...readRefusals,
    },
  });
  registry.registerPath({
    method: "get",
    path: "/vouchers/{serialNumber}",
    tags: ["Vouchers"],
    summary: "A voucher, its status alone, or its token for the QR code",
    security: [{ caller: [] }],
    request: {
      params: z.object({ serialNumber: z.string().max(25) }),
      query: z.object({ fields: z.enum(["status", "token"]).optional() }),
    },
    responses: {
      200: answer("The voucher", z.union([voucherAnswer, voucherStatusAnswer, voucherTokenAnswer])),
      400: answer(
        "No such voucher",
        z.object({
          status: z.literal(9),
          message: z.string(),
          serialNumber: z.string(),
          value: z.literal(0),
        }),
      ),
      401: readRefusals[401],
      403: readRefusals[403],
    },
  });
  describeBatchFiles(app);
  describeOneZero(app);
  describeBills(app);
  describeMapper(app);
  describeMapperOneZero(app);
  describeG2pConnect(app);
  registry.registerPath({
    method: "get",
    path: "/vouchers/stock",
    tags: ["Vouchers"],
    summary: "The caller's vouchers per group, currency and state: quantity and value; JSON or CSV",
    security: [{ caller: [] }],
    request: { query: z.object({ format: z.enum(["json", "csv"]).optional() }) },
    responses: { 200: answer("The stock", stockAnswer), ...readRefusals },
  });
  registry.registerPath({
    method: "get",
    path: "/callbacks",
    tags: ["Callbacks"],
    summary: "The caller's callbacks that were not delivered yet, the newest first",
    security: [{ caller: [] }],
    request: { query: pageQuery },
    responses: { 200: answer("A page of them", callbackPageAnswer), ...readRefusals },
  });
  registry.registerPath({
    method: "post",
    path: "/callbacks/{id}/resend",
    tags: ["Callbacks"],
    summary: "Send a callback once more",
    security: [{ caller: [] }],
    request: { params: z.object({ id: z.string().max(20) }) },
    responses: {
      200: answer("It waits to be sent", z.object({ id: z.string(), state: z.literal("waiting") })),
      404: answer("The caller has no such callback", errorAnswer),
      ...readRefusals,
    },
  });
  registry.registerPath({
    method: "get",
    path: "/.well-known/jwks.json",
    tags: ["Callbacks"],
    summary: "The public key that callbacks are signed with (RFC 9421, Ed25519)",
    responses: { 200: { description: "A JSON Web Key Set" } },
  });
  describeNodeApi(app);
}

function describeBatchFiles(app: OpenAPIHono<CallerVariables>): void {
  const registry = app.openAPIRegistry;
  const file = {
    content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
  };
  const params = z.object({ batchID: z.string().max(12) });
  const noBatch = { ...readRefusals, 404: answer("No such batch of the caller", errorAnswer) };
  registry.registerPath({
    method: "post",
    path: "/vouchers/batches",
    tags: ["Vouchers"],
    summary: "Create vouchers by an encrypted batch file (docs/api.md, Batch files)",
    security: [{ caller: [] }],
    request: {
      headers: callbackHeaders.omit({ "X-Program-ID": true }).partial({ "X-Callback-URL": true }),
      body: { ...file, required: true },
    },
    responses: {
      200: answer("Received whole; the vouchers are made now", batchFileAcknowledgement),
      413: answer("The file is too large", errorAnswer),
      503: answer("Too many files are being received; try again", errorAnswer),
      ...refusals,
    },
  });
  registry.registerPath({
    method: "get",
    path: "/vouchers/batches/{batchID}",
    tags: ["Vouchers"],
    summary: "How far a batch is",
    security: [{ caller: [] }],
    request: { params },
    responses: { 200: answer("Its progress", batchProgressAnswer), ...noBatch },
  });
  registry.registerPath({
    method: "get",
    path: "/vouchers/batches/{batchID}/file",
    tags: ["Vouchers"],
    summary: "What became of a batch, as a file encrypted for the caller; downloading it counts as delivery",
    security: [{ caller: [] }],
    request: { params },
    responses: {
      200: { description: "The answer file", ...file },
      409: answer("The batch is not complete yet", errorAnswer),
      ...noBatch,
    },
  });
}

function describeNodeApi(app: OpenAPIHono<CallerVariables>): void {
  const registry = app.openAPIRegistry;
  const cbor = { content: { "application/cbor": { schema: z.string().openapi({ format: "binary" }) } } };
  registry.registerPath({
    method: "post",
    path: "/v1/enrolments",
    tags: ["Nodes"],
    summary: "Enrol a node with a one-time code",
    request: { body: json(enrolmentRequest) },
    responses: {
      200: { description: "Certificate and key set" },
      400: { description: "Malformed" },
      403: { description: "The code or the proof is refused" },
    },
  });
  registry.registerPath({
    method: "post",
    path: "/v1/node-keys",
    tags: ["Nodes"],
    summary:
      "Replace a node's key; signed by the old key and the new one. The same change again is answered alike",
    request: { body: json(nodeKeyRequest) },
    responses: {
      200: { description: "The node's certificate for the new key" },
      400: { description: "Malformed" },
      403: { description: "The change is refused; `code` says why" },
    },
  });
  registry.registerPath({
    method: "post",
    path: "/v1/sessions",
    tags: ["Nodes"],
    summary: "Buy a session token with a signed assertion",
    request: { body: cbor },
    responses: {
      200: { description: "A token for 15 minutes" },
      401: { description: "The assertion is refused" },
    },
  });
  registry.registerPath({
    method: "post",
    path: "/v1/operations",
    tags: ["Nodes"],
    summary: "Upload signed operations; the answer is the signed list of verdicts",
    security: [{ node: [] }],
    request: { body: cbor },
    responses: {
      200: { description: "Verdict list (COSE_Sign1)", ...cbor },
      400: { description: "Malformed, out of order, or a bad signature; nothing was stored" },
      401: { description: "No session" },
      409: { description: "The node's view of its chain differs from the server's" },
    },
  });
  registry.registerPath({
    method: "post",
    path: "/v1/carried",
    tags: ["Nodes"],
    summary: "Hand in a file of operations that another node exported; the answer goes back to that node",
    security: [{ node: [] }],
    request: { body: cbor },
    responses: {
      200: { description: "Acknowledgement and verdict list, both signed", ...cbor },
      400: { description: "Not a whole file, or changed on its way; nothing was stored" },
      401: { description: "No session" },
      403: { description: "The node that hands it in is frozen or revoked" },
      404: { description: "The node that made the file is not enrolled here" },
      409: { description: "Sealed for another server, or begins after operations that are not stored here" },
    },
  });
  const refusedToNode = {
    400: { description: "Malformed" },
    401: { description: "No session" },
    403: { description: "The node is frozen or revoked" },
  };
  registry.registerPath({
    method: "post",
    path: "/v1/leases",
    tags: ["Nodes"],
    summary: "Ask for leases on vouchers of a group that were activated for this merchant to hand out",
    description: "The leases come by the shape `leases`; the answer says how many, and why not more.",
    security: [{ node: [] }],
    request: { body: json(leaseRequest) },
    responses: {
      200: { description: "How many were leased" },
      409: { description: "The request id was used for another wish" },
      ...refusedToNode,
    },
  });
  registry.registerPath({
    method: "post",
    path: "/v1/leases/renewals",
    tags: ["Nodes"],
    summary: "Renew leases that the node holds; each goes on under a new epoch",
    security: [{ node: [] }],
    request: { body: json(renewalRequest) },
    responses: { 200: { description: "For each its new end, or why it is not renewed" }, ...refusedToNode },
  });
  registry.registerPath({
    method: "post",
    path: "/v1/leases/holder",
    tags: ["Nodes"],
    summary: "Who else holds a voucher that is presented here, and ask it to give the voucher back",
    description: "`sealed` proves that the voucher's number is known here.",
    security: [{ node: [] }],
    request: { body: json(holderRequest) },
    responses: { 200: { description: "The holder, or null" }, ...refusedToNode },
  });
  describeStatements(app);
  registry.registerPath({
    method: "post",
    path: "/v1/payee-key",
    tags: ["Nodes"],
    summary: "The key that this node's copies of payees are sealed under",
    security: [{ node: [] }],
    responses: { 200: { description: "The key, base64" }, ...refusedToNode },
  });
  registry.registerPath({
    method: "get",
    path: "/v1/keys",
    tags: ["Nodes"],
    summary: "The server's public keys: public",
    request: { query: z.object({ after: z.string().optional() }) },
    responses: {
      200: {
        description:
          "The box key of voucher numbers, and the signed key set; with `after`, the version of a key set, those that came after it",
      },
      400: { description: "`after` is no version" },
    },
  });
  registry.registerPath({
    method: "get",
    path: "/v1/shapes/{name}",
    tags: ["Nodes"],
    summary: "A node's own rows, over Electric's HTTP protocol",
    security: [{ node: [] }],
    request: {
      params: z.object({ name: z.string() }),
      query: z.object({
        offset: z.string(),
        handle: z.string().optional(),
        live: z.string().optional(),
        cursor: z.string().optional(),
      }),
    },
    responses: {
      200: { description: "Messages" },
      400: { description: "Invalid request" },
      401: { description: "No session" },
      409: { description: "must-refetch" },
      502: { description: "The Electric service that answers shapes is not usable; `code` says why" },
      503: { description: "The Electric service is away; `code` says why" },
    },
  });
}

const callbackHeaders = z.object({
  "X-Callback-URL": z.string().max(100),
  "X-Registering-Institution-ID": z.string().max(20),
  "X-Program-ID": z.string().max(20),
});
