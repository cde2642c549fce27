/** What a node asks about its own redemptions once they are decided, and about whoever brings a voucher. */
import { z } from "@hono/zod-openapi";
import { Hono } from "hono";
import type { Context } from "hono";
import { encodeBillStatement } from "#sync/documents/bill-statement.ts";
import { encodeDisputes, encodePayouts } from "#sync/documents/statement.ts";
import type { BeneficiaryRegistry } from "../beneficiaries/registry.ts";
import { beginQuestion } from "../beneficiaries/doubts.ts";
import { billStatementOf } from "../bills/statement.ts";
import { appeal } from "../disputes/disputes.ts";
import type { DisputeName } from "../disputes/disputes.ts";
import { evidenceOf } from "../disputes/evidence.ts";
import type { EvidenceParts } from "../disputes/evidence.ts";
import { disputesOf, payoutsOf } from "../disputes/statement.ts";
import { usePinCode } from "../nodes/pin-codes.ts";
import type { NodeRow, Store } from "../ports/store.ts";
import { askedByActiveNode, refuse } from "./node-call.ts";
import type { NodeCallDependencies } from "./node-call.ts";

export interface StatementRouteDependencies extends EvidenceParts, NodeCallDependencies {
  /** Undefined where none is configured. */
  readonly registry: BeneficiaryRegistry | undefined;
}

export function statementRoutes(deps: StatementRouteDependencies): Hono {
  const routes = new Hono({ strict: false });
  const { store } = deps;
  routes.post("/v1/disputes", (c) =>
    askedByActiveNode(deps, c, nothing, async (node) =>
      cbor(c, encodeDisputes(await disputesOf(store, node))),
    ),
  );
  routes.post("/v1/payouts", (c) =>
    askedByActiveNode(deps, c, payoutRequest, async (node, { after }) =>
      cbor(c, encodePayouts(await payoutsOf(store, node, after))),
    ),
  );
  routes.post("/v1/bill-statement", (c) =>
    askedByActiveNode(deps, c, nothing, async (node) =>
      cbor(c, encodeBillStatement(await billStatementOf(store, node))),
    ),
  );
  routes.post("/v1/disputes/appeals", (c) =>
    askedByActiveNode(deps, c, appealRequest, async (node, { sequence, because }) => {
      const name = await disputeAt(store, node, sequence);
      const outcome = name && (await appeal(store, name, because, `node:${node.id}`));
      if (!outcome) return noSuchDispute(c);
      if (outcome.ok) return c.json({ state: outcome.row.state });
      return refuse(c, 409, outcome.code, "An appeal is heard once, after a refusal");
    }),
  );
  routes.post("/v1/disputes/evidence", (c) =>
    askedByActiveNode(deps, c, evidenceRequest, async (node, { sequence }) => {
      const name = await disputeAt(store, node, sequence);
      const evidence = name && (await evidenceOf(deps, name));
      return evidence ? cbor(c, evidence) : noSuchDispute(c);
    }),
  );
  routes.post("/v1/authentications", (c) =>
    askedByActiveNode(deps, c, authenticationRequest, (node, who) => authenticate(deps, c, node, who)),
  );
  routes.post("/v1/pin-codes", (c) =>
    askedByActiveNode(deps, c, pinCodeRequest, async ({ id }, use) =>
      (await usePinCode(store, id, use))
        ? c.json({ used: true })
        : refuse(c, 403, "unknown-code", "This code is not of this node, was used, or has run out"),
    ),
  );
  return routes;
}

const sequence = z.int().min(1);
const nothing = z.object({});

export const payoutRequest = z.object({ after: z.string().max(64).nullable() }).openapi("PayoutRequest");
export const appealRequest = z
  .object({ sequence, because: z.string().trim().min(1).max(1000) })
  .openapi("Appeal");
export const evidenceRequest = z.object({ sequence }).openapi("EvidenceRequest");
export const authenticationRequest = z
  .object({
    serial: z.string().regex(/^[0-9]{1,16}$/),
    identity: z.string().min(1).max(100),
    secret: z.string().max(100).nullable(),
  })
  .openapi("Authentication");

export const pinCodeRequest = z
  .object({ code: z.string().min(1).max(64), request: z.uuid() })
  .openapi("PinCode");

async function disputeAt(store: Store, node: NodeRow, at: number): Promise<DisputeName | undefined> {
  return store.transaction(async (tx) => {
    const row = await tx.operations.bySequence(node.id, at);
    const isDisputed = row && (await tx.disputes.lock(node.id, row.hash));
    return isDisputed ? { nodeId: node.id, hash: row.hash } : undefined;
  });
}

/** Nothing of what identifies a person is kept or logged here. */
async function authenticate(
  { registry, store }: StatementRouteDependencies,
  c: Context,
  node: NodeRow,
  who: z.infer<typeof authenticationRequest>,
): Promise<Response> {
  if (!registry) return refuse(c, 404, "registry-not-available", "This server asks no registry");
  const takeBack = await beginQuestion(store, { nodeId: node.id, serial: BigInt(who.serial) });
  if (!takeBack) {
    c.header("retry-after", "3600");
    const message = "The registry did not confirm too often; recognise by other means, or ask in an hour";
    return refuse(c, 409, "too-many-questions", message);
  }
  const answer = await registry.authenticate(who);
  if (!answer.ok || answer.result === "confirmed") await takeBack();
  if (answer.ok) return c.json({ result: answer.result });
  return refuse(
    c,
    409,
    "registry-away",
    "The registry gave no answer that can be used; recognise by other means",
  );
}

function cbor(c: Context, bytes: Uint8Array): Response {
  return c.body(new Uint8Array(bytes), 200, { "content-type": "application/cbor" });
}

function noSuchDispute(c: Context): Response {
  return refuse(c, 404, "no-such-dispute", "No dispute of this node is about that operation");
}
