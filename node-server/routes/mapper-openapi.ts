/** The description of the account mapper's calls in `/openapi.json`. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { CallerVariables } from "../middleware/caller.ts";
import { errorAnswer } from "./voucher-schemas.ts";
import {
  accountLookupRequest,
  accountsAnswerRequest,
  beneficiariesAnswer,
  beneficiariesRequest,
  beneficiaryAnswer,
  beneficiaryHistoryAnswer,
  beneficiaryPageAnswer,
  lookUpAnswer,
  lookUpQuery,
  mapperProgressAnswer,
  payeeFileAnswer,
  validateRequest,
  validationAnswer,
} from "./mapper-schemas.ts";
import { acknowledgedLater, answer, json, pageQuery, readRefusals, refusals } from "./openapi-parts.ts";

export function describeMapper(app: OpenAPIHono<CallerVariables>): void {
  for (const base of ["", "/identityAccountMapper"]) {
    describeChange(app, "post", `${base}/beneficiary`, "Register payees", beneficiariesRequest);
    describeChange(
      app,
      "put",
      `${base}/beneficiary`,
      "Update payees; with payeePartyIds look them up",
      z.union([beneficiariesRequest, accountLookupRequest]),
    );
    describeChange(app, "post", `${base}/paymentModality`, "Add an address to payees", beneficiariesRequest);
    describeChange(
      app,
      "put",
      `${base}/paymentModality`,
      "Update an address of payees, its activation, or which is preferred",
      beneficiariesRequest,
    );
    describeRead(app, `${base}/beneficiary`, "Where a payee is paid: the preferred address first", {
      query: lookUpQuery,
      ok: lookUpAnswer,
      later: true,
    });
    describeAccountLookup(app, `${base}/accountLookup`);
  }
  describeValidation(app);
  describeBankAnswer(app);
  describeFile(app);
  const params = z.object({ payeeIdentity: z.string() });
  describeRead(app, "/beneficiaries", "The caller's payees, page by page, without their addresses", {
    query: pageQuery,
    ok: beneficiaryPageAnswer,
  });
  describeRead(app, "/beneficiaries/{payeeIdentity}", "A payee and its addresses", {
    params,
    ok: beneficiaryAnswer,
  });
  describeRead(app, "/beneficiaries/{payeeIdentity}/history", "Everything that was ever changed of a payee", {
    params,
    ok: beneficiaryHistoryAnswer,
  });
  describeRead(app, "/identityAccountMapper/requests/{requestID}", "How far a request is, and what failed", {
    params: z.object({ requestID: z.string() }),
    query: pageQuery,
    ok: mapperProgressAnswer,
  });
}

const headers = z.object({
  "X-Registering-Institution-ID": z.string().max(20),
  "X-Callback-URL": z
    .string()
    .max(100)
    .optional()
    .openapi({ description: "Left out, the answer itself holds the outcome" }),
  "X-Program-ID": z.string().max(20).optional(),
});

const tags = ["Account mapper"];
const security = [{ caller: [] }];

function describeChange(
  app: OpenAPIHono<CallerVariables>,
  method: "post" | "put",
  path: string,
  summary: string,
  body: z.ZodType,
): void {
  const isAlsoQuestion = body !== beneficiariesRequest;
  app.openAPIRegistry.registerPath({
    method,
    path,
    tags,
    summary,
    security,
    request: { headers, body: json(body) },
    responses: {
      200: answer(
        "Received, with the outcome of each item where no callback was named",
        isAlsoQuestion ? z.union([lookUpAnswer, beneficiariesAnswer]) : beneficiariesAnswer,
      ),
      202: acknowledgedLater,
      ...refusals,
    },
  });
}

function describeRead(
  app: OpenAPIHono<CallerVariables>,
  path: string,
  summary: string,
  {
    ok,
    later,
    ...request
  }: {
    readonly ok: z.ZodType;
    readonly query?: z.ZodObject;
    readonly params?: z.ZodObject;
    /** May be answered by callback. */
    readonly later?: true;
  },
): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path,
    tags,
    summary,
    security,
    request,
    responses: {
      200: answer("The answer", ok),
      ...(later ? { 202: acknowledgedLater } : {}),
      404: answer("Not registered", errorAnswer),
      ...readRefusals,
    },
  });
}

function describeAccountLookup(app: OpenAPIHono<CallerVariables>, path: string): void {
  app.openAPIRegistry.registerPath({
    method: "post",
    path,
    tags,
    summary: "Where payees are paid; each that is asked for is answered",
    security,
    request: {
      headers,
      query: z.object({ isExternalLookup: z.enum(["true", "false"]).optional() }),
      body: json(accountLookupRequest),
    },
    responses: { 200: answer("The answer", lookUpAnswer), 202: acknowledgedLater, ...readRefusals },
  });
}

function describeValidation(app: OpenAPIHono<CallerVariables>): void {
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/beneficiaries",
    tags,
    summary: "Whether accounts are known and active",
    security,
    request: {
      headers: headers.extend({ "X-CorrelationID": z.string().max(64) }),
      query: z.object({ command: z.literal("validate") }),
      body: json(validateRequest),
    },
    responses: {
      200: answer("The failed accounts, where no callback was named", validationAnswer),
      202: acknowledgedLater,
      ...refusals,
    },
  });
}

function describeBankAnswer(app: OpenAPIHono<CallerVariables>): void {
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/beneficiaries/validation/confirmation",
    tags,
    summary: "A payer bank says which of the accounts that it was asked about it does not keep",
    security,
    request: { body: json(accountsAnswerRequest) },
    responses: {
      ...refusals,
      202: answer("Taken", z.object({ clientCorrelationId: z.string(), outcome: z.string() })),
      404: answer("The bank was asked no such thing", errorAnswer),
      409: answer("Something else was answered before", errorAnswer),
    },
  });
}

function describeFile(app: OpenAPIHono<CallerVariables>): void {
  const file = {
    content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
  };
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/identityAccountMapper/files",
    tags,
    summary: "Register or update payees by an encrypted file (docs/api.md, Batch files; docs/mapper.md)",
    security,
    request: { headers, body: { ...file, required: true } },
    responses: {
      200: answer("Received whole; a worker goes through it", payeeFileAnswer),
      202: acknowledgedLater,
      413: answer("The file is too large", errorAnswer),
      503: answer("Too many files are being received; try again", errorAnswer),
      ...refusals,
    },
  });
}
