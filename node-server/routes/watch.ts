/** What monitors and proxies ask: whether the process lives, what it can do, and what Prometheus keeps. */
import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { Hono } from "hono";
import type { Context } from "hono";
import type { CallerVariables } from "../middleware/caller.ts";
import { Problem, problemResponse } from "../middleware/problem.ts";
import type { Health } from "../watch/health.ts";
import type { Metrics } from "../watch/metrics.ts";

export interface WatchRouteDependencies {
  readonly health: Health;
  readonly metrics: Metrics;
  /** What `/metrics` asks for; without one it answers this machine only. */
  readonly metricsToken: string | undefined;
}

export function watchRoutes({
  health,
  metrics,
  metricsToken,
}: WatchRouteDependencies): Hono<CallerVariables> {
  const routes = new Hono<CallerVariables>({ strict: false });
  routes.get("/healthcheck", (c) => c.json({ status: "ok" }));
  routes.get("/readiness", async (c) => {
    const readiness = await health.readiness();
    const canServe = readiness.status !== "not ready" && readiness.status !== "stopping";
    return c.json(readiness, canServe ? 200 : 503, { "cache-control": "no-store" });
  });
  routes.get("/metrics", async (c) => {
    if (!mayRead(c, metricsToken)) {
      const message =
        "Metrics need the bearer token of PAYPOST_METRICS_TOKEN; without one they are for this machine only";
      return problemResponse(c, new Problem(401, message));
    }
    return c.body(await metrics.render(), 200, { "content-type": metrics.contentType });
  });
  return routes;
}

function mayRead(c: Context<CallerVariables>, token: string | undefined): boolean {
  if (token !== undefined) return isSame(c.req.header("authorization") ?? "", `Bearer ${token}`);
  // What a proxy on this machine passes on comes from anywhere, whether we trust it or not.
  const isPassedOn = ["x-forwarded-for", "forwarded", "via"].some((name) => c.req.header(name) !== undefined);
  return !isPassedOn && isLoopback(c.get("address"));
}

function isLoopback(address: string): boolean {
  return isIP(address) === 4 ? address.startsWith("127.") : address === "::1";
}

/** Of one length, so that nothing is learnt from how long it takes. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
