/** The central server as one Hono application on Web-standard APIs: what runs it is chosen in a composition root. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { boundBody, closeAfterTooLarge } from "./middleware/body-bound.ts";
import { billHeaders, requireCaller, trustCaller } from "./middleware/caller.ts";
import type { CallerVariables, Scope, TokenRules } from "./middleware/caller.ts";
import { findPeer } from "./middleware/peer.ts";
import type { PeerRules } from "./middleware/peer.ts";
import { rememberOrigin } from "./origin.ts";
import { Problem, problemOf, problemResponse } from "./middleware/problem.ts";
import { refuseWhileRecovering } from "./middleware/recovering.ts";
import { consoleRoutes } from "./console/routes.ts";
import type { ConsoleDependencies } from "./console/routes.ts";
import { securityHeaders } from "./middleware/security-headers.ts";
import { shedWhen } from "./middleware/shed.ts";
import type { RecoveryWatch } from "./recovery/watch.ts";
import type { BillRouteDependencies } from "./routes/bill-calls.ts";
import { billRoutes } from "./routes/bills.ts";
import { validationAnswerPath } from "./mapper/http-validation.ts";
import { batchDecisionRoutes } from "./routes/batch-decisions.ts";
import { batchResultRoutes } from "./routes/batch-results.ts";
import { batchFileRoutes, mostBatchFileBytes } from "./routes/batch-files.ts";
import type { BatchFileRouteDependencies } from "./routes/batch-files.ts";
import { bulkPaymentRoutes } from "./routes/bulk-payment-one-zero.ts";
import { callbackRoutes } from "./routes/callbacks.ts";
import { mostBatchBytes } from "./routes/disbursement-request.ts";
import { disbursementRoutes } from "./routes/disbursements.ts";
import type { DisbursementRouteDependencies } from "./routes/disbursements.ts";
import { docsRoutes } from "./routes/docs.ts";
import type { ReadAsset } from "./routes/docs.ts";
import { g2pConnectPaths, g2pConnectRoutes, g2pRefusal } from "./routes/g2p-connect.ts";
import type { G2pRouteDependencies } from "./routes/g2p-connect.ts";
import { errorSaid } from "./routes/g2p-one-zero-answers.ts";
import { mapperRoutes } from "./routes/mapper.ts";
import { mapperOneZeroPaths, mapperOneZeroRoutes } from "./routes/mapper-one-zero.ts";
import { nodeError } from "./routes/node-call.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import type { NodeRouteDependencies } from "./routes/nodes.ts";
import { describeApi } from "./routes/openapi.ts";
import { mostPayeeFileBytes } from "./routes/payee-files.ts";
import { requestToPayRoutes } from "./routes/requests-to-pay.ts";
import { settlementRoutes } from "./routes/settlements.ts";
import { outcomeHintRoutes } from "./routes/outcome-hints.ts";
import { isOneZeroPath, oneZeroError, oneZeroRoutes } from "./routes/vouchers-one-zero.ts";
import type { OneZeroDependencies } from "./routes/vouchers-one-zero.ts";
import { stockRoutes } from "./routes/stock.ts";
import type { StockRouteDependencies } from "./routes/stock.ts";
import { voucherRoutes } from "./routes/vouchers.ts";
import { watchRoutes } from "./routes/watch.ts";
import type { KeyRing } from "./signing-keys/ring.ts";
import type { WatchRouteDependencies } from "./routes/watch.ts";
import { watchRequests } from "./middleware/watched.ts";

export interface AppDependencies
  extends
    NodeRouteDependencies,
    BatchFileRouteDependencies,
    OneZeroDependencies,
    StockRouteDependencies,
    BillRouteDependencies,
    DisbursementRouteDependencies,
    WatchRouteDependencies,
    G2pRouteDependencies,
    ConsoleDependencies {
  readonly keySet: NodeRouteDependencies["keySet"];
  /** `trusted` for a sandbox: no token, a caller is who it says. */
  readonly callers: TokenRules | "trusted";
  readonly readDocsAsset: ReadAsset;
  readonly recovery: RecoveryWatch;
  /** Whose word about who asks is believed. */
  readonly peers: PeerRules;
  /** Whether so many requests wait that no further one is taken. */
  readonly isCrowded: () => boolean;
  /** The public halves of the keys that callbacks are signed with, the next one among them. */
  readonly jwks: KeyRing["jwks"];
}

export function createApp(deps: AppDependencies): OpenAPIHono<CallerVariables> {
  const app = new OpenAPIHono<CallerVariables>({ strict: false });
  app.onError((error, c) => answerError(deps, error, c));
  const { callers, rates, store } = deps;
  app.notFound((c) => {
    rates.address(c);
    return problemResponse(c, new Problem(404, `There is nothing at ${c.req.method} ${c.req.path}`));
  });
  const watched = watchRequests(deps.metrics, () => deps.health.isStopping());
  app.use(
    watched,
    securityHeaders,
    findPeer(deps.peers),
    rememberOrigin,
    closeAfterTooLarge,
    boundBody(largeBodies),
  );
  for (const path of publicPaths)
    app.use(path, (c, next) => {
      rates.address(c);
      return next();
    });
  app.get("/.well-known/jwks.json", (c) =>
    c.json(deps.jwks(), 200, { "cache-control": "public, max-age=300" }),
  );
  app.route("/", watchRoutes(deps));
  // Behind what tells monitors and proxies how it is.
  app.use(shedWhen(deps.isCrowded));
  const isOpen = callers === "trusted";
  const recovering = refuseWhileRecovering(deps.recovery, (c, message) =>
    problemResponse(c, new Problem(503, message)),
  );
  for (const path of [
    "/vouchers/*",
    "/voucher/*",
    "/voucher_redemption/*",
    ...billPaths,
    ...disbursementPaths,
  ])
    app.use(path, recovering);
  const leasesWait = refuseWhileRecovering(deps.recovery, (c, message) =>
    c.json({ code: "recovery", message }, 503),
  );
  for (const path of ["/v1/leases", "/v1/leases/*", "/v1/enrolments"]) app.use(path, leasesWait);
  for (const path of [...mapperChanges, ...g2pConnectPaths, ...mapperOneZeroPaths, "/bulk-payment"])
    app.use(path, recovering);
  const findXRoadClient = (client: string) => store.transaction((tx) => tx.registry.xRoadClient(client));
  const openGuard = isOpen ? undefined : requireCaller({ rules: callers, findXRoadClient, rates, scopeOf });
  app.route("/", bulkPaymentRoutes(deps, openGuard));
  // Before the guard of the current API, whose paths hold these too.
  app.route("/", oneZeroRoutes(deps, openGuard));
  app.route("/", mapperOneZeroRoutes(deps, openGuard));
  const isRegistered = (id: string) =>
    store.transaction(async (tx) => (await tx.registry.institution(id)) !== undefined);
  const guard = openGuard ?? trustCaller(isRegistered);
  const billGuard = isOpen
    ? trustCaller(isRegistered, billHeaders)
    : requireCaller({ rules: callers, findXRoadClient, rates, scopeOf: billScopeOf }, billHeaders);
  for (const path of billPaths) app.use(path, billGuard);
  for (const path of [...guardedPaths, ...disbursementPaths]) app.use(path, guard);
  // Before the route of one voucher, whose path holds it too.
  app.route("/", stockRoutes(deps));
  app.route("/", batchFileRoutes(deps));
  app.route("/", voucherRoutes(deps));
  app.route("/", billRoutes(deps));
  app.route("/", requestToPayRoutes(deps));
  app.route("/", settlementRoutes(deps));
  app.route("/", mapperRoutes(deps));
  app.route("/", g2pConnectRoutes(deps, guard));
  app.route("/", disbursementRoutes(deps));
  app.route("/", batchDecisionRoutes(deps));
  app.route("/", batchResultRoutes(deps));
  app.route("/", outcomeHintRoutes(deps));
  app.route("/", callbackRoutes(deps));
  app.route("/", nodeRoutes(deps));
  app.route("/console", consoleRoutes(deps));
  describeApi(app);
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Paypost: GovStack Payments Building Block", version: "0.1.0" },
  });
  app.route("/", docsRoutes(deps.readDocsAsset));
  return app;
}

/** What is thrown before a request reaches its API, in the form that its API has for errors. */
function answerError(deps: AppDependencies, error: Error, c: Context): Response | Promise<Response> {
  const { path } = c.req;
  if (path.startsWith("/v1/")) return nodeError(deps, error, c);
  if (isOneZeroPath(path)) return oneZeroError(deps, error, c);
  if (g2pPath.test(path)) return g2pRefusal(deps, error, c);
  if ([...mapperOneZeroPaths, "/bulk-payment"].includes(path)) return errorSaid(deps, error, c);
  return problemResponse(c, problemOf(deps, error, c));
}

/** For everybody, and each of some cost; `/healthcheck` has none. */
const publicPaths = [
  "/.well-known/*",
  "/readiness",
  "/metrics",
  "/openapi.json",
  "/docs",
  "/docs/*",
  "/v1/keys",
];

/** Files; what takes JSON has the bound of JSON. */
const largeBodies = {
  "/vouchers/batches": mostBatchFileBytes,
  "/identityAccountMapper/files": mostPayeeFileBytes,
  "/batchtransactions": mostBatchBytes,
};

/** Each is asked for once: a path with `/*` holds what stands before it. */
const billPaths = [
  "/bills/*",
  "/billers",
  "/billTransferRequests",
  "/paymentNotifications",
  "/rtpRequest",
  "/rtpResponse",
  "/transferRequests/*",
  "/voucherRedemption",
  "/settlements/*",
];

function billScopeOf(c: Context): Scope {
  return c.req.method === "GET" || c.req.method === "HEAD" ? "bills:read" : "bills:write";
}

const mapperChanges = ["/identityAccountMapper/*", "/beneficiary", "/paymentModality"];

const guardedPaths = [
  "/vouchers/*",
  "/voucher/*",
  "/callbacks/*",
  ...mapperChanges,
  "/accountLookup",
  "/beneficiaries/*",
];

const g2pPath = /^\/(mapper|registry)\//;

const mapperPath = /^\/(identityAccountMapper|beneficiary|beneficiaries|paymentModality|accountLookup)(\/|$)/;

const disbursementPaths = ["/batchtransactions", "/batches/*", "/batch/*", "/api/v1/batch/*"];

/** What a request needs its token to allow. */
function scopeOf(c: Context): Scope {
  if (/^\/(batch|bulk-payment|api\/v1\/batch)/.test(c.req.path)) return disbursementScopeOf(c);
  if (g2pPath.test(c.req.path))
    return /\/(resolve|status)\/?$/.test(c.req.path) ? "mapper:read" : "mapper:write";
  // What a payer bank says.
  if (c.req.path.startsWith(validationAnswerPath)) return "disbursements:pay";
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

function disbursementScopeOf(c: Context): Scope {
  if (c.req.method === "GET" || c.req.method === "HEAD") return "disbursements:read";
  if (/\/approval\/?$/.test(c.req.path)) return "disbursements:approve";
  // What banks and payment providers say.
  const isAnswer = /\/authorization\/?$/.test(c.req.path) || c.req.path.startsWith("/api/v1/batch");
  return isAnswer || c.req.query("command") === "authorize" ? "disbursements:pay" : "disbursements:submit";
}
