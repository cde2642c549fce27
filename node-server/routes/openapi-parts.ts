/** What the descriptions of all calls have in common. */
import { z } from "@hono/zod-openapi";
import { errorAnswer } from "./voucher-schemas.ts";

export function json(schema: z.ZodType): {
  content: { "application/json": { schema: z.ZodType } };
  required: true;
} {
  return { content: { "application/json": { schema } }, required: true };
}

export function answer(
  description: string,
  schema: z.ZodType,
): { description: string; content: { "application/json": { schema: z.ZodType } } } {
  return { description, content: { "application/json": { schema } } };
}

const pageNumber = z.coerce.number().int().min(1);
const pageSize = z.coerce.number().int().min(1).max(1000);
export const pageQuery = z.object({ page: pageNumber.optional(), size: pageSize.optional() });

export const readRefusals = {
  400: answer("Malformed", errorAnswer),
  401: answer("No valid token", errorAnswer),
  403: answer("Another institution's data, or a missing scope", errorAnswer),
};

export const refusals = {
  ...readRefusals,
  400: answer("Malformed; nothing was stored", errorAnswer),
  409: answer("The request or batch id was used before with another body", errorAnswer),
};

export const acknowledgedLater = answer(
  "Received; the outcome comes by callback",
  z.object({ responseCode: z.literal("00"), responseDescription: z.string(), requestID: z.string() }),
);
