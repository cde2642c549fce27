/** What nodes call: enrolment, sessions, operations up and verdicts back, shapes (design: sections 2 and 3). */
import { z } from "@hono/zod-openapi";
import { Hono } from "hono";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { decodeUpload } from "#sync/documents/upload.ts";
import { readJson } from "../middleware/body.ts";
import { packAnswer, unpackRequest } from "../middleware/packed.ts";
import { changeNodeKey } from "../nodes/change-key.ts";
import type { NodeKeyRefusal } from "../nodes/change-key.ts";
import { enrolNode } from "../nodes/enrol.ts";
import type { EnrolDependencies, EnrolRefusal } from "../nodes/enrol.ts";
import { openSession } from "../nodes/sessions.ts";
import { receiveUpload } from "../operations/receive.ts";
import { receiveCarried } from "../operations/carried.ts";
import type { CarriedDependencies, CarriedRefusal } from "../operations/carried.ts";
import { carriedMessages } from "../operations/carried-messages.ts";
import { payOut } from "../operations/receive.ts";
import type { ReceiveDependencies, UploadRefusal } from "../operations/receive.ts";
import { readerOf } from "../shapes/definitions.ts";
import type { PublishedKeySet } from "../signing-keys/ring.ts";
import type { ShapeSource } from "../shapes/source.ts";
import { answerShapeRequest } from "../shapes/http.ts";
import type { LeaseDependencies } from "../vouchers/lease-requests.ts";
import { leaseRoutes } from "./leases.ts";
import { nodeOfCall, noSession, refuse } from "./node-call.ts";
import type { NodeCallDependencies } from "./node-call.ts";
import { statementRoutes } from "./statements.ts";
import type { StatementRouteDependencies } from "./statements.ts";

export interface NodeRouteDependencies
  extends
    ReceiveDependencies,
    EnrolDependencies,
    CarriedDependencies,
    LeaseDependencies,
    NodeCallDependencies,
    StatementRouteDependencies {
  /** How long after its not-after a lease stays open. */
  readonly graceMs: number;
  readonly keySet: PublishedKeySet;
  /** The signed key sets that came after a version, in their order. */
  readonly keySetsAfter: (version: number) => Promise<readonly { readonly document: Uint8Array }[]>;
  readonly shapes: ShapeSource;
}

const mostUploadBytes = 1024 * 1024;

export function nodeRoutes(deps: NodeRouteDependencies): Hono {
  const routes = new Hono({ strict: false });
  routes.use("/v1/*", packAnswer, unpackRequest(mostUploadBytes));
  routes.post("/v1/enrolments", (c) => enrol(deps, c));
  routes.post("/v1/sessions", (c) => session(deps, c));
  routes.post("/v1/node-keys", (c) => nodeKey(deps, c));
  routes.post("/v1/operations", (c) => operations(deps, c));
  routes.post("/v1/carried", (c) => carried(deps, c));
  routes.route("/", leaseRoutes(deps));
  routes.route("/", statementRoutes(deps));
  routes.post("/v1/payee-key", async (c) => {
    const node = await nodeOfCall(deps, c);
    if (!node) return noSession(c);
    if (node.status !== "active") return refuse(c, 403, `node-${node.status}`, `This node is ${node.status}`);
    const key = await deps.store.transaction(async (tx) => tx.payees.nodeKey(node.id));
    return c.json({ key: toBase64(key) });
  });
  routes.get("/v1/keys", async (c) => {
    const after = c.req.query("after");
    if (after === undefined) return c.json(publishedKeys(deps));
    if (!/^[0-9]{1,9}$/.test(after))
      return refuse(c, 400, "malformed", "after must be the version of a key set");
    const missed = await deps.keySetsAfter(Number(after));
    return c.json({ keySets: missed.map(({ document }) => toBase64(document)) });
  });
  routes.all("/v1/shapes/:name", (c) => shape(deps, c, c.req.param("name")));
  return routes;
}

export const enrolmentRequest = z
  .object({ code: z.string().min(1).max(64), publicKey: z.base64(), proof: z.base64() })
  .openapi("Enrolment");

async function enrol(deps: NodeRouteDependencies, c: Context): Promise<Response> {
  deps.rates.enrolment(c);
  const parsed = enrolmentRequest.safeParse(await readJson(c).catch(() => undefined));
  if (!parsed.success) return refuse(c, 400, "malformed", "The body must hold code, publicKey and proof");
  const { code, publicKey, proof } = parsed.data;
  const answer = await enrolNode(deps, { code, publicKey: fromBase64(publicKey), proof: fromBase64(proof) });
  if (!answer.ok) {
    deps.rates.wrongCode(c);
    return refuse(c, 403, answer.refusal, enrolMessages[answer.refusal]);
  }
  const { certificate, keySet, generation, serverTimeMs } = answer;
  return c.json({ certificate: toBase64(certificate), keySet: toBase64(keySet), generation, serverTimeMs });
}

export const enrolMessages: Readonly<Record<EnrolRefusal, string>> = {
  "unknown-code": "There is no such enrolment code; check it letter by letter, or ask for a new one",
  "used-code": "This code was used by another machine; ask for a new one",
  "expired-code": "This code has run out; ask for a new one",
  "bad-proof": "The proof is not a signature by the key that was sent",
};

export const nodeKeyRequest = z
  .object({
    nodeId: z.uuid(),
    keyFrom: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
    publicKey: z.base64(),
    afterHash: z.base64(),
    byOld: z.base64(),
    byNew: z.base64(),
  })
  .openapi("NodeKeyChange");

/** Signed by the node's old key and its new one, so that it needs no session. */
async function nodeKey(deps: NodeRouteDependencies, c: Context): Promise<Response> {
  const parsed = nodeKeyRequest.safeParse(await readJson(c).catch(() => undefined));
  if (!parsed.success) return refuse(c, 400, "malformed", "The body must hold a change of a node's key");
  const { nodeId, keyFrom, ...bytes } = parsed.data;
  const answer = await changeNodeKey(deps, {
    nodeId,
    keyFrom,
    publicKey: fromBase64(bytes.publicKey),
    afterHash: fromBase64(bytes.afterHash),
    byOld: fromBase64(bytes.byOld),
    byNew: fromBase64(bytes.byNew),
  });
  if (!answer.ok) {
    deps.rates.address(c);
    return refuse(c, 403, answer.refusal, nodeKeyMessages[answer.refusal]);
  }
  return c.json({ certificate: toBase64(answer.certificate) });
}

export const nodeKeyMessages: Readonly<Record<NodeKeyRefusal, string>> = {
  "unknown-node": "There is no such node",
  "node-stopped": "This node is revoked or frozen; its machine enrols anew",
  "bad-proof": "The change is not signed by the key that the node has now and by the new one",
  "other-history": "Operations of after the change are stored already, or the node's history is another",
};

async function session(deps: NodeRouteDependencies, c: Context): Promise<Response> {
  const assertion = new Uint8Array(await c.req.arrayBuffer());
  const answer = await openSession(deps.store, deps.randomBytes, assertion);
  if (!answer.ok) {
    deps.rates.address(c);
    const message = "The assertion does not open a session";
    return c.json({ ...answer.refusal, message }, 401);
  }
  const { token, expiresInSeconds, serverTimeMs, status } = answer;
  return c.json({ token, expiresInSeconds, serverTimeMs, status });
}

async function operations(deps: NodeRouteDependencies, c: Context): Promise<Response> {
  const node = await nodeOfCall(deps, c);
  if (!node) return noSession(c);
  const upload = decodeUpload(new Uint8Array(await c.req.arrayBuffer()));
  if (!upload.ok) return refuse(c, 400, "malformed", `The upload cannot be read: ${upload.refusal.code}`);
  const answer = await receiveUpload(deps, node.id, upload.value);
  if (!answer.ok) return refuseUpload(c, answer.refusal);
  return c.body(new Uint8Array(answer.verdictList), 200, { "content-type": "application/cbor" });
}

/** Another node's file, or its own; whoever brings it can read neither it nor, but for the numbers, the answer. */
async function carried(deps: NodeRouteDependencies, c: Context): Promise<Response> {
  const node = await nodeOfCall(deps, c);
  if (!node) return noSession(c);
  if (node.status !== "active") return refuse(c, 403, `node-${node.status}`, `This node is ${node.status}`);
  const file = new Uint8Array(await c.req.arrayBuffer());
  const handed = await receiveCarried(deps, file, `node:${node.id}`);
  if (!handed.ok)
    return refuse(
      c,
      carriedStatus[handed.refusal.code],
      handed.refusal.code,
      carriedMessages(handed.refusal),
    );
  await payOut(deps, handed.decided);
  return c.body(new Uint8Array(handed.answer), 200, { "content-type": "application/cbor" });
}

const carriedStatus: Readonly<Record<CarriedRefusal["code"], ContentfulStatusCode>> = {
  malformed: 400,
  "unknown-node": 404,
  "bad-signature": 400,
  "another-server": 409,
  gap: 409,
};

async function shape(deps: NodeRouteDependencies, c: Context, name: string): Promise<Response> {
  const node = await nodeOfCall(deps, c);
  if (!node) return noSession(c);
  if (node.status !== "active") return refuse(c, 403, `node-${node.status}`, `This node is ${node.status}`);
  return answerShapeRequest(deps.shapes, c.req.raw, { shape: name, nodeId: readerOf(name, node.id) });
}

/** Public: what callers decrypt voucher numbers with, and the signed key set for whoever checks a receipt. */
function publishedKeys({ keySet }: NodeRouteDependencies): Readonly<Record<string, unknown>> {
  return {
    version: keySet.version,
    boxPublicKey: toBase64(keySet.boxPublicKey),
    keySet: toBase64(keySet.document),
  };
}

function refuseUpload(c: Context, refusal: UploadRefusal): Response {
  if (refusal.code === "head-mismatch") {
    const { code, generation, lastSequence, lastHash } = refusal;
    return c.json({ code, generation, lastSequence, lastHash: toBase64(lastHash) }, 409);
  }
  return c.json({ code: refusal.code, message: refusal.detail, index: refusal.index }, 400);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
