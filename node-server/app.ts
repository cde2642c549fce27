/** The central server as one Hono application on Web-standard APIs: what runs it is chosen in a composition root. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Logger } from "pino";
import { requireCaller, trustCaller } from "./middleware/caller.ts";
import type { CallerVariables, Scope, TokenRules } from "./middleware/caller.ts";
import { Problem, problemResponse } from "./middleware/problem.ts";
import { refuseWhileRecovering } from "./middleware/recovering.ts";
import type { RecoveryWatch } from "./recovery/watch.ts";
import { batchFileRoutes } from "./routes/batch-files.ts";
import type { BatchFileRouteDependencies } from "./routes/batch-files.ts";
import { callbackRoutes } from "./routes/callbacks.ts";
import { docsRoutes } from "./routes/docs.ts";
import type { ReadAsset } from "./routes/docs.ts";
import { g2pConnectRoutes } from "./routes/g2p-connect.ts";
import type { G2pRouteDependencies } from "./routes/g2p-connect.ts";
import { mapperRoutes } from "./routes/mapper.ts";
import { mapperOneZeroPaths, mapperOneZeroRoutes } from "./routes/mapper-one-zero.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import type { NodeRouteDependencies } from "./routes/nodes.ts";
import { describeApi } from "./routes/openapi.ts";
import { oneZeroRoutes } from "./routes/vouchers-one-zero.ts";
import type { OneZeroDependencies } from "./routes/vouchers-one-zero.ts";
import { stockRoutes } from "./routes/stock.ts";
import type { StockRouteDependencies } from "./routes/stock.ts";
import { voucherRoutes } from "./routes/vouchers.ts";

export interface AppDependencies
  extends
    NodeRouteDependencies,
    BatchFileRouteDependencies,
    OneZeroDependencies,
    StockRouteDependencies,
    G2pRouteDependencies {
  readonly log: Logger;
  /** `trusted` for a sandbox: no token, a caller is who it says. */
  readonly callers: TokenRules | "trusted";
  /** Resolves when the database answers and its schema is the one that this server knows. */
  readonly ready: () => Promise<void>;
  readonly readDocsAsset: ReadAsset;
  readonly recovery: RecoveryWatch;
  /** The public half of the key that callbacks are signed with. */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, string>>[] };
}

export function createApp(deps: AppDependencies): OpenAPIHono<CallerVariables> {
  const app = new OpenAPIHono<CallerVariables>({ strict: false });
  app.onError((error, c) => {
    if (error instanceof Problem) return problemResponse(c, error);
    deps.log.error({ err: error, method: c.req.method, path: c.req.path }, "a request failed");
    return problemResponse(c, new Problem(500, "The server failed; nothing was half-done, try again"));
  });
  app.notFound((c) =>
    problemResponse(c, new Problem(404, `There is nothing at ${c.req.method} ${c.req.path}`)),
  );
  app.get("/.well-known/jwks.json", (c) => c.json(deps.jwks));
  app.get("/healthcheck", (c) => c.json({ status: "ok" }));
  app.get("/readiness", async (c) => {
    const isReady = await deps.ready().then(
      () => true,
      () => false,
    );
    const status = deps.recovery.isOpen() ? "recovering" : "ready";
    return c.json({ status: isReady ? status : "not ready" }, isReady ? 200 : 503);
  });
  const { callers, store } = deps;
  const isOpen = callers === "trusted";
  const recovering = refuseWhileRecovering(deps.recovery, (c, message) =>
    problemResponse(c, new Problem(503, message)),
  );
  for (const path of ["/vouchers/*", "/voucher/*", "/voucher_redemption/*"]) app.use(path, recovering);
  const leasesWait = refuseWhileRecovering(deps.recovery, (c, message) =>
    c.json({ code: "recovery", message }, 503),
  );
  for (const path of ["/v1/leases", "/v1/leases/*", "/v1/enrolments"]) app.use(path, leasesWait);
  for (const path of [...mapperChanges, ...mapperOneZeroPaths]) app.use(path, recovering);
  // Before the guard of the current API, whose paths hold these too.
  app.route("/", oneZeroRoutes(deps, isOpen ? undefined : requireCaller(callers, scopeOf)));
  app.route("/", mapperOneZeroRoutes(deps, isOpen ? undefined : requireCaller(callers, scopeOf)));
  const guard = isOpen
    ? trustCaller((id) => store.transaction(async (tx) => (await tx.registry.institution(id)) !== undefined))
    : requireCaller(callers, scopeOf);
  for (const path of guardedPaths) app.use(path, guard);
  // Before the route of one voucher, whose path holds it too.
  app.route("/", stockRoutes(deps));
  app.route("/", batchFileRoutes(deps));
  app.route("/", voucherRoutes(deps));
  app.route("/", mapperRoutes(deps));
  app.route("/", g2pConnectRoutes(deps));
  app.route("/", callbackRoutes(deps));
  app.route("/", nodeRoutes(deps));
  describeApi(app);
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Paypost: GovStack Payments Building Block", version: "0.1.0" },
  });
  app.route("/", docsRoutes(deps.readDocsAsset));
  return app;
}

const mapperChanges = ["/mapper/*", "/identityAccountMapper/*", "/beneficiary", "/paymentModality"];

const guardedPaths = [
  "/vouchers",
  "/vouchers/*",
  "/voucher/*",
  "/callbacks",
  "/callbacks/*",
  ...mapperChanges,
  "/accountLookup",
  "/beneficiaries",
  "/beneficiaries/*",
  "/registry/*",
];

const g2pPath = /^\/(mapper|registry)\//;

const mapperPath = /^\/(identityAccountMapper|beneficiary|beneficiaries|paymentModality|accountLookup)(\/|$)/;

/** What a request needs its token to allow. */
function scopeOf(c: Context): Scope {
  if (g2pPath.test(c.req.path))
    return /\/(resolve|status)\/?$/.test(c.req.path) ? "mapper:read" : "mapper:write";
  if (mapperPath.test(c.req.path)) {
    const isQuestion = /\/(accountLookup|beneficiaries)\/?$/.test(c.req.path);
    return c.req.method === "GET" || isQuestion ? "mapper:read" : "mapper:write";
  }
  if (mapperOneZeroPaths.some((path) => c.req.path.startsWith(path)))
    return c.req.path.startsWith("/prepayment-validation") ? "mapper:read" : "mapper:write";
  const command = c.req.query("command");
  const isRedemption = command === "redeem" || command === "redeemPay";
  if (isRedemption || /\/voucher_redee?mption\/?$/.test(c.req.path)) return "vouchers:redeem";
  const isRead = c.req.method === "GET" || c.req.method === "HEAD" || c.req.path.startsWith("/voucher/");
  return isRead ? "vouchers:read" : "vouchers:issue";
}
