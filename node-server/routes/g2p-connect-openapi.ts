/** The description of the G2P Connect calls in `/openapi.json`. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "@hono/zod-openapi";
import { acknowledgement, actions, described, syncAnswer } from "../g2p-connect/envelope.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { answer, json } from "./openapi-parts.ts";

export function describeG2pConnect(app: OpenAPIHono<CallerVariables>): void {
  for (const action of actions) {
    describeCall(
      app,
      `/mapper/${action}`,
      `${action}: acknowledged, and answered by on-${action}`,
      described[action],
      false,
    );
    describeCall(app, `/mapper/sync/${action}`, `${action}: answered at once`, described[action], true);
  }
  describeCall(
    app,
    "/mapper/txn/status",
    "The status of a message, by txn/on-status",
    described.status,
    false,
  );
  for (const path of ["/mapper/sync/txn/status", "/registry/sync/txn/status"])
    describeCall(app, path, "The status of a message, at once", described.status, true);
}

function describeCall(
  app: OpenAPIHono<CallerVariables>,
  path: string,
  summary: string,
  body: z.ZodType,
  isSync: boolean,
): void {
  app.openAPIRegistry.registerPath({
    method: "post",
    path,
    tags: ["G2P Connect mapper 1.0.0"],
    summary,
    security: [{ caller: [] }],
    request: { body: json(body) },
    responses: {
      200: isSync
        ? answer("The answer, signed", syncAnswer)
        : answer("ACK, or NACK where there is nowhere to call", acknowledgement),
      400: answer("ERR: what is wrong with the message; nothing was stored", acknowledgement),
      401: answer("ERR: no valid token", acknowledgement),
      403: answer("ERR: a missing scope, or a sender that is not registered", acknowledgement),
      404: answer("ERR: there is no such transaction", acknowledgement),
      413: answer("ERR: the body is too large", acknowledgement),
    },
  });
}
