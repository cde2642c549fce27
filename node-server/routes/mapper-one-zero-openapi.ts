/** The description of the 1.0 account mapper calls in `/openapi.json`. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { CallerVariables } from "../middleware/caller.ts";
import {
  beneficiariesOneZero,
  oneZeroAnswer,
  prepaymentValidation,
  prepaymentValidationResponse,
} from "./mapper-one-zero-schemas.ts";
import { answer, json } from "./openapi-parts.ts";

export function describeMapperOneZero(app: OpenAPIHono<CallerVariables>): void {
  describeCall(app, "/register-beneficiary", "Register payees", beneficiariesOneZero);
  describeCall(app, "/update-beneficiary-details", "Update payees", beneficiariesOneZero);
  describeCall(
    app,
    "/prepayment-validation",
    "Whether the payees of a batch are known and can be paid; a wrong request is 200 with code 01",
    prepaymentValidation,
  );
  describeCall(
    app,
    "/prepayment-validation-response",
    "What a payer bank found out of a batch that it was asked about",
    prepaymentValidationResponse,
  );
}

function describeCall(
  app: OpenAPIHono<CallerVariables>,
  path: string,
  summary: string,
  body: z.ZodType,
): void {
  app.openAPIRegistry.registerPath({
    method: "post",
    path,
    tags: ["Account mapper 1.0"],
    summary,
    security: [{ caller: [] }],
    request: {
      headers: z.object({
        "X-Callback-URL": z
          .string()
          .optional()
          .openapi({ description: "Where failed cases are told, if it is one that may be called" }),
      }),
      body: json(body),
    },
    responses: {
      200: answer("Received (00), or what is wrong (01)", oneZeroAnswer),
      400: answer("Malformed, or the SourceBBID is not registered; nothing was stored", oneZeroAnswer),
      401: answer("No valid token", oneZeroAnswer),
      403: answer("A missing scope", oneZeroAnswer),
      413: answer("The body is too large", oneZeroAnswer),
      500: answer("The server failed; nothing was half-done", oneZeroAnswer),
    },
  });
}
