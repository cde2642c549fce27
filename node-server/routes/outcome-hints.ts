/**
 * What mobile-money providers and receiving banks tell by themselves. It is a hint to ask them and nothing more: whoever
 * can reach this address can send it, and what is believed comes from the institution's own address.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import { readSubBatchId } from "../disbursement/pay-chunk.ts";
import type { CallerVariables } from "../middleware/caller.ts";
import { header } from "../middleware/headers.ts";
import { Problem } from "../middleware/problem.ts";
import type { Store, Tx } from "../ports/store.ts";

export function outcomeHintRoutes({ store }: { readonly store: Store }): OpenAPIHono<CallerVariables> {
  const routes = new OpenAPIHono<CallerVariables>({ strict: false });
  for (const method of ["PUT", "POST"])
    routes.on(method, "/mobile-money/callbacks", async (c) => {
      const key = header(c, "X-CorrelationID") ?? "";
      if (/^[0-9a-f-]{36}$/.test(key)) await store.transaction((tx) => askSoon(tx, key));
      // The same whether there is such a credit or not.
      return c.body(null, 204);
    });
  routes.post("/api/v1/batch", async (c) => {
    const isKnown = await store.transaction((tx) => askSubBatchSoon(tx, c.req.query("batchId") ?? ""));
    if (!isKnown) throw new Problem(404, "There is no such sub-batch");
    return c.json({ batchId: c.req.query("batchId") }, 202);
  });
  return routes;
}

async function askSoon(tx: Tx, key: string): Promise<void> {
  const credit = await tx.execution.byKey(key);
  if (credit) await tx.jobs.enqueue({ queue: "pay-chunk", id: `${credit.batch}/${credit.chunk}` });
}

async function askSubBatchSoon(tx: Tx, name: string): Promise<boolean> {
  const named = readSubBatchId(name);
  const batch = named && (await tx.disbursements.byBatchId(named.batchId));
  if (!batch || !(await tx.execution.chunk(batch.id, named.chunk))) return false;
  await tx.jobs.enqueue({ queue: "pay-chunk", id: `${batch.id}/${named.chunk}` });
  return true;
}
