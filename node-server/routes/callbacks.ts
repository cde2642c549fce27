/** An institution sees which of its callbacks could not be delivered yet, and asks for them again. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { CallerVariables } from "../middleware/caller.ts";
import { Problem } from "../middleware/problem.ts";
import type { CallbackRow, Store } from "../ports/store.ts";
import { pageOf } from "./paging.ts";

export function callbackRoutes({ store }: { readonly store: Store }): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  routes.get("/callbacks", async (c) => {
    const { page, size } = pageOf(c);
    const { total, rows } = await store.transaction((tx) =>
      tx.callbacks.undelivered(c.get("institutionId"), { index: page - 1, size }),
    );
    return c.json({ page, size, total, callbacks: rows.map(published) });
  });
  routes.post("/callbacks/:id/resend", async (c) => {
    const id = c.req.param("id");
    const isKnown =
      /^[0-9]{1,18}$/.test(id) &&
      (await store.transaction(async (tx) => {
        if (!(await tx.callbacks.resend(c.get("institutionId"), BigInt(id)))) return false;
        await tx.jobs.enqueue({ queue: "callback", id });
        return true;
      }));
    if (!isKnown) throw new Problem(404, `There is no callback ${id.slice(0, 20)}`);
    return c.json({ id, state: "waiting" });
  });
  return routes;
}

function published(row: CallbackRow) {
  return {
    id: String(row.id),
    kind: row.kind,
    url: row.url,
    state: row.state,
    tries: row.tries,
    requestedAt: row.requestedAt.toISOString(),
    lastTriedAt: row.lastTriedAt?.toISOString() ?? null,
    lastError: row.lastError,
  };
}
