/** `page` and `size` of a list, as every list of the API takes them. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Problem } from "../middleware/problem.ts";

const pageQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(1000).default(100),
});

/** Pages count from 1. Throws the 400 that says what is wrong. */
export function pageOf(c: Context): { readonly page: number; readonly size: number } {
  const query = pageQuery.safeParse(c.req.query());
  if (query.success) return query.data;
  const errors = query.error.issues.map(({ path, message }) => ({ field: path.join("."), reason: message }));
  throw new Problem(400, "page counts from 1, and size is at most 1000", errors);
}
