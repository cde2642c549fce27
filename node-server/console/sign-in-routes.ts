/** Signing in and out of the console, and who is signed in. */
import { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { toString } from "qrcode";
import { z } from "zod";
import type { Logger } from "pino";
import type { RateGuard } from "../middleware/rates.ts";
import type { Provider } from "../operators/provider.ts";
import { actionNames, mayDo } from "../operators/rights.ts";
import { closeSession, csrfTokenOf, openSession, operatorOfSession } from "../operators/sessions.ts";
import { acceptInvitation, signIn } from "../operators/sign-in.ts";
import type { SignedIn, SignInDependencies } from "../operators/sign-in.ts";
import {
  dropSession,
  fromOf,
  hasCsrfToken,
  isFromOurPage,
  isHttps,
  jsonOf,
  refuse,
  sessionIdOf,
  setSession,
} from "./request.ts";
import type { ConsoleContext } from "./request.ts";
import type { CallerVariables } from "../middleware/caller.ts";

export interface SignInRouteDependencies extends SignInDependencies {
  /** Undefined where only local accounts sign in. */
  readonly provider: Provider | undefined;
  /** Where browsers reach this server; as the request says if unset. */
  readonly publicUrl: string | undefined;
  readonly log: Logger;
  /** Whoever tries to sign in is nobody yet. */
  readonly rates: RateGuard;
}

const credentials = z.object({
  name: z.string().min(1).max(60),
  password: z.string().min(1).max(200),
  code: z.string().max(20).default(""),
});
const invitation = credentials.extend({ chosen: z.string().max(1000) });

const flowCookie = "paypost-provider";

export function signInRoutes(deps: SignInRouteDependencies): Hono<CallerVariables> {
  const routes = new Hono<CallerVariables>();

  for (const path of ["/sign-in", "/accept-invitation", "/provider", "/provider/*"])
    routes.use(path, (c, next) => {
      deps.rates.address(c);
      return next();
    });

  routes.get("/me", async (c) => {
    const sessionId = sessionIdOf(c);
    const operator = sessionId && (await operatorOfSession(deps.operators, sessionId, true));
    const provider = deps.provider !== undefined;
    if (!sessionId || !operator) return c.json({ signedIn: false, provider });
    return c.json({
      signedIn: true,
      provider,
      name: operator.name,
      roles: operator.roles,
      party: operator.party?.id ?? null,
      may: actionNames.filter((action) => mayDo(operator.roles, action)),
      csrf: csrfTokenOf(sessionId),
    });
  });

  routes.post("/sign-in", async (c) => {
    const given = await read(c, credentials);
    if (given instanceof Response) return given;
    return answer(c, await signIn(deps, { ...given, from: fromOf(c) }));
  });

  routes.post("/accept-invitation", async (c) => {
    const given = await read(c, invitation);
    if (given instanceof Response) return given;
    return answer(c, await acceptInvitation(deps, { ...given, from: fromOf(c) }));
  });

  routes.post("/sign-out", async (c) => {
    const sessionId = sessionIdOf(c);
    if (sessionId === undefined) return refuse(c, 401, "signed-out");
    if (!isFromOurPage(c) || !hasCsrfToken(c, sessionId)) return refuse(c, 403, "not-our-page");
    await closeSession(deps.operators, sessionId);
    dropSession(c);
    return c.json({});
  });

  routes.get("/provider", async (c) => {
    if (!deps.provider) return refuse(c, 404, "no-provider");
    const begun = await deps.provider.begin(redirectUriOf(c, deps.publicUrl)).catch((error: unknown) => {
      deps.log.warn({ err: error }, "the OpenID Connect provider cannot be reached");
    });
    if (!begun) return backToPage(c, "provider-away");
    // Lax: the provider's page leads back here.
    const isSecure = isHttps(c) || deps.publicUrl?.startsWith("https://") === true;
    setCookie(c, flowCookie, begun.sealed, {
      httpOnly: true,
      sameSite: "Lax",
      secure: isSecure,
      path: "/console/api/provider",
      maxAge: 600,
    });
    return c.redirect(begun.url);
  });

  routes.get("/provider/back", async (c) => {
    if (!deps.provider) return refuse(c, 404, "no-provider");
    const sealed = getCookie(c, flowCookie);
    deleteCookie(c, flowCookie, { path: "/console/api/provider" });
    const vouched = await deps.provider.end(new URL(c.req.url), sealed).catch((error: unknown) => {
      deps.log.warn({ err: error }, "the OpenID Connect provider cannot be reached");
    });
    if (!vouched) return backToPage(c, "provider-away");
    if (!vouched.ok) return backToPage(c, vouched.refusal);
    const account = await deps.operators.providerAccount(vouched.identity);
    if (!account.ok) return backToPage(c, account.refusal);
    const session = { operatorId: account.operator.id, from: fromOf(c), by: "provider" } as const;
    setSession(c, await openSession(deps.operators, deps.randomBytes, session));
    return backToPage(c);
  });

  return routes;
}

async function read<Schema extends z.ZodType>(
  c: ConsoleContext,
  schema: Schema,
): Promise<z.output<Schema> | Response> {
  if (!isFromOurPage(c)) return refuse(c, 403, "not-our-page");
  const parsed = schema.safeParse(await jsonOf(c));
  return parsed.success ? parsed.data : refuse(c, 400, "malformed");
}

async function answer(c: ConsoleContext, signedIn: SignedIn): Promise<Response> {
  if (!signedIn.ok) {
    const { code, ...more } = signedIn.refusal;
    return refuse(c, code === "locked" ? 429 : code === "unfit-password" ? 400 : 401, code, more);
  }
  if (signedIn.kind === "session") {
    setSession(c, signedIn.sessionId);
    return c.json({ signedIn: true });
  }
  const picture = await toString(signedIn.appLink, { type: "svg", errorCorrectionLevel: "M" });
  return c.json({ signedIn: false, appLink: signedIn.appLink, typedSecret: signedIn.typedSecret, picture });
}

function redirectUriOf(c: ConsoleContext, publicUrl: string | undefined): string {
  const ours = publicUrl ?? `${isHttps(c) ? "https" : "http"}://${c.req.header("host") ?? ""}`;
  return new URL("/console/api/provider/back", ours).href;
}

/** A page and no redirect: the session's cookie is not sent on the way from another site, and so the page itself comes next. */
function backToPage(c: ConsoleContext, refusal?: string): Response {
  return c.redirect(refusal === undefined ? "/console/" : `/console/#/sign-in/${refusal}`);
}
