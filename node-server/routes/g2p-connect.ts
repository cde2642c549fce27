/**
 * G2P Connect, mapper API 1.0.0 (specification level: draft), over the same payees: link, update, unlink, resolve and
 * transaction status, answered by callback or at once. No rules here.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { composeAnswer, composeStatus } from "../g2p-connect/answers.ts";
import type { G2pAnswer } from "../g2p-connect/answers.ts";
import { actions, envelope, messages, statusMessage } from "../g2p-connect/envelope.ts";
import type { ErrorCode, G2pAction } from "../g2p-connect/envelope.ts";
import { readItems } from "../g2p-connect/items.ts";
import { verifyMessage } from "../g2p-connect/signature.ts";
import type { SignMessage } from "../g2p-connect/signature.ts";
import { acceptMapperRequest, runAccepted } from "../mapper/accept-request.ts";
import { readJson } from "../middleware/body.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { Problem, problemOf } from "../middleware/problem.ts";
import type { ErrorWatch } from "../middleware/problem.ts";
import type { MapperAction, MapperRequestRow } from "../ports/mapper.ts";
import type { Store, Tx } from "../ports/store.ts";
import type { RequestRefusal } from "../accept-once.ts";
import { hashBody } from "./caller-request.ts";
import type { Caller, VoucherRouteDependencies } from "./caller-request.ts";

export interface G2pRouteDependencies extends VoucherRouteDependencies, ErrorWatch {
  readonly signMessage: SignMessage;
}

export const g2pConnectPaths = ["/mapper/*", "/registry/*"];

/** `guard` lets the caller in and sets its institution. */
export function g2pConnectRoutes(
  deps: G2pRouteDependencies,
  guard: MiddlewareHandler<CallerVariables>,
): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.onError((error, c) => g2pRefusal(deps, error, c));
  for (const path of g2pConnectPaths) routes.use(path, guard);
  for (const action of actions) {
    routes.post(`/mapper/${action}`, (c) => ask(deps, c, action));
    routes.post(`/mapper/sync/${action}`, (c) => askAndWait(deps, c, action));
  }
  routes.post("/mapper/txn/status", (c) => askStatus(deps, c));
  // The published file has the second path, and means the first.
  for (const path of ["/mapper/sync/txn/status", "/registry/sync/txn/status"])
    routes.post(path, (c) => statusNow(deps, c));
  return routes;
}

/** What the sender is told by `ERR`; the HTTP status says as much as it can. */
class Refused extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const mapperActions = {
  link: "register",
  update: "update",
  unlink: "unlink",
  resolve: "resolve",
} as const satisfies Record<G2pAction, MapperAction>;

async function ask(deps: G2pRouteDependencies, c: Caller, action: G2pAction): Promise<Response> {
  const { header, message } = await readMessage(deps, c, action);
  const callbackUrl = await callbackOf(deps, c, header.sender_uri);
  const { body, status } = await accept(deps, c, action, header, message, callbackUrl, "");
  return c.body(body, status as 200, { "content-type": "application/json" });
}

async function askAndWait(deps: G2pRouteDependencies, c: Caller, action: G2pAction): Promise<Response> {
  const { header, message } = await readMessage(deps, c, action);
  const { key } = await accept(deps, c, action, header, message, null, "sync/");
  const asked = { action: mapperActions[action], face: "g2p-connect" } as const;
  const id = await runAccepted(deps.store, { key, bodyHash: new Uint8Array() }, asked);
  return signed(deps, c, await compose(deps.store, id));
}

type Header = z.infer<typeof envelope>["header"];

async function accept(
  deps: G2pRouteDependencies,
  c: Caller,
  action: G2pAction,
  header: Header,
  message: Readonly<Record<string, unknown>>,
  callbackUrl: string | null,
  prefix: "" | "sync/",
) {
  const parsed = messages[action].safeParse(message);
  if (!parsed.success) throw malformed("message", parsed.error);
  const asked = itemsOf(parsed.data, action);
  if (asked.length !== header.total_count)
    throw new Refused(
      "err.request.bad",
      `total_count says ${header.total_count}, and there are ${asked.length} items`,
    );
  const correlationId = crypto.randomUUID();
  const key = {
    institutionId: c.get("institutionId"),
    call: `${prefix}g2p-connect/${action}`,
    requestId: `${prefix}${header.message_id}`,
  };
  const bodyHash = await hashBody(deps.indexKey, c);
  const accepted = await acceptMapperRequest(
    deps.store,
    { key, bodyHash },
    {
      action: mapperActions[action],
      face: "g2p-connect",
      requestId: parsed.data.transaction_id,
      batchId: correlationId,
      programId: null,
      callbackUrl,
      ...readItems(action, asked),
    },
    { status: 200, body: JSON.stringify(acknowledged(callbackUrl === null ? "NACK" : "ACK", correlationId)) },
  );
  if (!accepted.ok) throw refusedRequest(accepted.refusal);
  return { ...accepted.accepted, key };
}

function refusedRequest(refusal: RequestRefusal): Refused {
  switch (refusal) {
    case "other-body":
      return new Refused("err.request.bad", "The message_id was used before with another message");
    case "unknown-institution":
      return new Refused("err.request.forbidden", "The sender is not registered with this server");
  }
}

function itemsOf(message: Readonly<Record<string, unknown>>, action: G2pAction) {
  return message[`${action}_request`] as Parameters<typeof readItems>[1];
}

async function askStatus(deps: G2pRouteDependencies, c: Caller): Promise<Response> {
  const { header, message } = await readMessage(deps, c, "txn-status");
  const callbackUrl = await callbackOf(deps, c, header.sender_uri);
  const correlationId = crypto.randomUUID();
  const institutionId = c.get("institutionId");
  await deps.store.transaction(async (tx) => {
    if (!(await tx.registry.institution(institutionId))) throw refusedRequest("unknown-institution");
    const { found, transactionId } = await findSubject(tx, institutionId, message);
    const id = await tx.mapperRequests.insert({
      institutionId,
      action: "txn-status",
      face: "g2p-connect",
      requestId: transactionId,
      requestKey: correlationId,
      batchId: correlationId,
      programId: null,
      callbackUrl,
      about: found.id,
    });
    await tx.jobs.enqueue({ queue: "map-payees", id: String(id) });
  });
  return c.json(acknowledged(callbackUrl === null ? "NACK" : "ACK", correlationId));
}

async function statusNow(deps: G2pRouteDependencies, c: Caller): Promise<Response> {
  const { message } = await readMessage(deps, c, "txn-status");
  const institutionId = c.get("institutionId");
  const answer = await deps.store.transaction(async (tx) => {
    const { found, transactionId } = await findSubject(tx, institutionId, message);
    const asked = { institutionId, requestId: transactionId, batchId: found.batchId };
    return composeStatus(tx, asked, found.id);
  });
  return signed(deps, c, answer);
}

async function findSubject(
  tx: Tx,
  institutionId: string,
  message: unknown,
): Promise<{ readonly found: MapperRequestRow; readonly transactionId: string }> {
  const parsed = statusMessage.safeParse(message);
  if (!parsed.success) throw malformed("message", parsed.error);
  const { transaction_id: transactionId, txnstatus_request: asked } = parsed.data;
  const { attribute_value: value } = asked;
  const by =
    asked.attribute_type === "reference_id_list"
      ? { referenceIds: Array.isArray(value) ? value : [value] }
      : asked.attribute_type === "correlation_id"
        ? { correlationId: String(value) }
        : { transactionId: String(value) };
  const found = await tx.mapperRequests.byTransaction(
    { institutionId, action: mapperActions[asked.txn_type] },
    by,
  );
  if (!found)
    throw new Refused(
      "err.request.not_found",
      `There is no ${asked.txn_type} by that ${asked.attribute_type}`,
    );
  return { found, transactionId };
}

/** Header and signature are right; the message itself is checked by what it is for. */
async function readMessage(deps: G2pRouteDependencies, c: Caller, action: G2pAction | "txn-status") {
  const value = await readJson(c);
  const parsed = envelope.safeParse(value);
  if (!parsed.success) throw malformed("", parsed.error);
  const { header, message, signature } = parsed.data;
  const institutionId = c.get("institutionId");
  if (header.version !== undefined && !/^1\.0(\.[0-9]+)?$/.test(header.version))
    throw new Refused("err.version.not_supported", "This server speaks version 1.0.0");
  if (header.sender_id !== institutionId)
    throw new Refused("err.sender_id.invalid", "The sender_id is not the caller");
  if (header.action !== action) throw new Refused("err.request.bad", `The action must be ${action}`);
  if (header.is_msg_encrypted === true)
    throw new Refused(
      "err.encryption.invalid",
      "Encrypted messages are not taken; the connection is encrypted",
    );
  await checkSignature(deps, c, institutionId, signature);
  return { header, message };
}

/** Who has registered a key signs each message; who has none cannot be checked, and sends none. */
async function checkSignature(
  { store }: G2pRouteDependencies,
  c: Caller,
  institutionId: string,
  signature: string | undefined,
): Promise<void> {
  const key = await store.transaction((tx) => tx.registry.signingKey(institutionId));
  const text = signature ?? "";
  if (!key && text === "") return;
  if (!key)
    throw new Refused(
      "err.signature.invalid",
      "The sender has registered no key to verify its signature with",
    );
  if (text === "")
    throw new Refused("err.signature.missing", "The sender signs its messages; this one is not signed");
  // As it came: what was read may hold numbers in another form.
  const part = JSON.parse(await c.req.text()) as { header: unknown; message: unknown };
  if (!(await verifyMessage(key, institutionId, text, part, Date.now())))
    throw new Refused(
      "err.signature.invalid",
      "The signature does not fit the header and message, or has run out",
    );
}

/** Null where there is nowhere to call: the outcome is then asked for by its transaction. */
async function callbackOf(
  { store, checkCallbackUrl }: G2pRouteDependencies,
  c: Caller,
  senderUri: string | undefined,
): Promise<string | null> {
  const institutionId = c.get("institutionId");
  if (senderUri !== undefined && senderUri !== "") {
    await checkCallbackUrl(institutionId, senderUri).catch((error: unknown) => {
      if (error instanceof Problem)
        throw new Refused("err.sender_uri.invalid", "The sender_uri is not one that may be called");
      throw error;
    });
    return senderUri;
  }
  const institution = await store.transaction((tx) => tx.registry.institution(institutionId));
  return institution?.callbackBaseUrl ?? null;
}

function compose(store: Store, id: bigint): Promise<G2pAnswer> {
  return store.transaction(async (tx) => {
    const request = await tx.mapperRequests.find(id);
    if (!request) throw new Error(`no mapper request ${id}`);
    return composeAnswer(tx, request);
  });
}

async function signed(
  { signMessage }: G2pRouteDependencies,
  c: Caller,
  answer: G2pAnswer,
): Promise<Response> {
  return c.json({ signature: await signMessage(answer), ...answer });
}

function acknowledged(
  status: "ACK" | "NACK" | "ERR",
  correlationId: string,
  error?: { code: string; message: string },
) {
  return {
    message: {
      ack_status: status,
      timestamp: new Date().toISOString(),
      correlation_id: correlationId,
      ...(error && { error }),
    },
  };
}

function malformed(at: string, { issues }: z.ZodError): Refused {
  const [issue] = issues;
  const place = [at, ...(issue?.path ?? []).map(String)].filter((part) => part !== "").join(".");
  return new Refused("err.request.bad", `${place || "body"}: ${issue?.message ?? "malformed"}`.slice(0, 999));
}

const statuses: Partial<Record<ErrorCode, 403 | 404>> = {
  "err.request.not_found": 404,
  "err.request.forbidden": 403,
};

export function g2pRefusal(watch: ErrorWatch, error: Error, c: Context): Response {
  const told = (code: ErrorCode, message: string, status: ContentfulStatusCode) =>
    c.json(acknowledged("ERR", "", { code, message }), status);
  if (error instanceof Refused) return told(error.code, error.message, statuses[error.code] ?? 400);
  const { status, message } = problemOf(watch, error, c);
  return told(codes[status] ?? "err.request.bad", message, status);
}

const codes: Partial<Record<ContentfulStatusCode, ErrorCode>> = {
  401: "err.request.unauthorized",
  403: "err.request.forbidden",
  429: "err.service.unavailable",
  500: "err.service.unavailable",
  503: "err.service.unavailable",
};
