/** The description of the 1.0 voucher calls in `/openapi.json`. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { CallerVariables } from "../middleware/caller.ts";
import type { OneZeroAnswer } from "./one-zero-answers.ts";
import {
  activationAnswers,
  cancelAnswers,
  preactivationAnswers,
  redemptionAnswers,
  statusAnswers,
} from "./one-zero-answers.ts";
import {
  activationRequest,
  cancelRequest,
  messageAnswer,
  preactivationAnswer,
  preactivationRequest,
  redemptionRequest,
  resultAnswer,
  statusCheckAnswer,
} from "./one-zero-schemas.ts";

export function describeOneZero(app: OpenAPIHono<CallerVariables>): void {
  const path = "/vouchers/voucherstatuscheck/{serial}";
  describeCall(app, "post", "/vouchers/voucher_preactivation", "Create one voucher", {
    body: preactivationRequest,
    ok: preactivationAnswer,
    refusals: preactivationAnswers,
  });
  describeCall(app, "patch", "/vouchers/voucher_activation", "Activate a voucher", {
    body: activationRequest,
    ok: resultAnswer,
    refusals: activationAnswers,
  });
  for (const name of ["voucher_redemption", "voucher_redeemption"]) {
    describeCall(app, "post", `/vouchers/${name}`, "Redeem a voucher by its number", {
      body: redemptionRequest,
      ok: resultAnswer,
      refusals: redemptionAnswers,
    });
  }
  describeCall(app, "get", path, "A voucher's status", { ok: statusCheckAnswer, refusals: statusAnswers });
  describeCall(app, "patch", path, "Cancel a voucher", {
    body: cancelRequest,
    ok: messageAnswer,
    refusals: cancelAnswers,
  });
}

interface OneZeroDescription {
  readonly body?: z.ZodType;
  readonly ok: z.ZodType;
  readonly refusals: Readonly<Record<string, OneZeroAnswer>>;
}

function describeCall(
  app: OpenAPIHono<CallerVariables>,
  method: "get" | "post" | "patch",
  path: string,
  summary: string,
  { body, ok, refusals }: OneZeroDescription,
): void {
  app.openAPIRegistry.registerPath({
    method,
    path,
    tags: ["Vouchers 1.0"],
    summary,
    security: [{ caller: [] }],
    request: {
      headers,
      ...(path.includes("{serial}") ? { params: z.object({ serial: z.string() }) } : {}),
      ...(body ? { body: { content: { "application/json": { schema: body } }, required: true } } : {}),
    },
    responses: {
      200: { description: "Done", content: { "application/json": { schema: ok } } },
      ...Object.fromEntries(
        [...general, ...Object.values(refusals)].map(({ status, message }) => [
          status,
          said(status, message),
        ]),
      ),
    },
  });

  /** Several refusals may share a status: each of their messages is told. */
  function said(status: number, message: string) {
    const messages = Object.values(refusals).filter((refusal) => refusal.status === status);
    const all = messages.length === 0 ? [message] : messages.map((refusal) => refusal.message);
    return {
      description: [...new Set(all)].join("; "),
      content: { "application/json": { schema: messageAnswer } },
    };
  }
}

const general: readonly OneZeroAnswer[] = [
  { status: 400, message: "Malformed or empty; nothing was stored" },
  { status: 401, message: "No valid token" },
  { status: 403, message: "A missing scope" },
  { status: 413, message: "The body is too large" },
  { status: 500, message: "The server failed; nothing was half-done" },
  { status: 503, message: "The database cannot be reached at the moment; nothing was half-done" },
];

const headers = z.object({
  "X-CorrelationID": z
    .string()
    .max(64)
    .optional()
    .openapi({ description: "Makes a repeated call the same one" }),
  "X-Callback-URL": z.string().optional().openapi({ description: "Accepted, never called" }),
  "X-Channel": z.string().optional(),
  "X-Date": z.string().optional(),
});
