/** Reading request bodies: JSON without loss, checked against a schema, with every mistake named. */
import type { Context } from "hono";
import type { z } from "@hono/zod-openapi";
import { fieldOfNoText, parseJson, TooDeepError, UnsafeIntegerError } from "#core/json.ts";
import { Problem } from "./problem.ts";

/** Largest JSON body: 10,000 voucher instructions with every field at its longest fit in it. */
export const mostBodyBytes = 8 * 1024 * 1024;

/** Reads and checks the body. Throws a 400 Problem that lists each wrong field, or 413. */
export async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  return checkBody(await readJson(c), schema);
}

/** Checks a body that is read already. Throws a 400 Problem that lists each wrong field. */
export function checkBody<T>(value: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 100).map((issue) => ({
    field: issue.path.join(".") || "body",
    reason: issue.message,
  }));
  const first = errors[0];
  throw new Problem(400, `${first?.field}: ${first?.reason}`, errors, requestIdOf(value));
}

/** Reads the body as JSON without loss. Throws a 400 Problem, or 413. */
export async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text();
  if (text.length > mostBodyBytes) throw new Problem(413, `The body is larger than ${mostBodyBytes} bytes`);
  try {
    const value = parseJson(text);
    const field = fieldOfNoText(value);
    if (field !== undefined) throw unstorable(field);
    return value;
  } catch (error) {
    if (error instanceof UnsafeIntegerError) throw new Problem(400, error.message);
    if (error instanceof TooDeepError) throw new Problem(400, `The body is too deep: ${error.message}`);
    if (error instanceof SyntaxError) throw new Problem(400, "The body is not JSON");
    throw error;
  }
}

function unstorable(path: string): Problem {
  const field = path.toWellFormed().replaceAll("\0", "") || "body";
  const reason = "holds a character that is no text (U+0000, or half of a surrogate pair)";
  return new Problem(400, `${field} ${reason}`, [{ field, reason }]);
}

function requestIdOf(value: unknown): string | undefined {
  const id = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const found = id.find(([name]) => name.toLowerCase() === "requestid")?.[1];
  return typeof found === "string" ? found.slice(0, 12).toWellFormed() : undefined;
}
