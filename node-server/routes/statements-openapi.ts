/** The published description of what nodes ask about redemptions once they are decided, and about beneficiaries. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { CallerVariables } from "../middleware/caller.ts";
import {
  appealRequest,
  authenticationRequest,
  evidenceRequest,
  payoutRequest,
  pinCodeRequest,
} from "./statements.ts";

export function describeStatements(app: OpenAPIHono<CallerVariables>): void {
  const registry = app.openAPIRegistry;
  const post = (
    path: string,
    summary: string,
    body: z.ZodType,
    responses: Readonly<
      Record<number, { readonly description: string; readonly content?: typeof cbor.content }>
    >,
  ) =>
    registry.registerPath({
      method: "post",
      path,
      tags: ["Nodes"],
      summary,
      security: [{ node: [] }],
      request: { body: { content: { "application/json": { schema: body } }, required: true } },
      responses: {
        400: { description: "Malformed" },
        401: { description: "No session" },
        403: { description: "The node is frozen or revoked" },
        ...responses,
      },
    });
  post("/v1/disputes", "The node's disputes, those that are not ended before the others", z.object({}), {
    200: { description: "Disputes in CBOR", ...cbor },
  });
  post(
    "/v1/bill-statement",
    "What the node has to give back of bills, and what its float was topped up",
    z.object({}),
    {
      200: { description: "Refunds and top-ups in CBOR", ...cbor },
    },
  );
  post("/v1/disputes/appeals", "Ask that others decide a dispute once more", appealRequest, {
    200: { description: "The dispute's state" },
    404: { description: "No dispute is about that operation" },
    409: { description: "It was not refused, or was appealed before" },
  });
  post("/v1/disputes/evidence", "The evidence of a dispute, which anyone can check", evidenceRequest, {
    200: { description: "Evidence bundle in CBOR", ...cbor },
    404: { description: "No dispute is about that operation" },
  });
  post("/v1/payouts", "What was paid for the node's redemptions, in the order of payment", payoutRequest, {
    200: { description: "Payouts in CBOR", ...cbor },
  });
  post(
    "/v1/authentications",
    "Ask the registry whether somebody is whom a voucher is for",
    authenticationRequest,
    {
      200: { description: "`confirmed` or `not-confirmed`" },
      404: { description: "No registry is configured" },
      409: { description: "The registry gave no usable answer, or was asked in vain too often" },
    },
  );
  post(
    "/v1/pin-codes",
    "Use an operator's one-time code, by which a forgotten PIN may be set anew",
    pinCodeRequest,
    {
      200: { description: "The code is used up" },
      403: { description: "The node is frozen or revoked, or the code is not of use" },
    },
  );
}

const cbor = { content: { "application/cbor": { schema: z.string().openapi({ format: "binary" }) } } };
