/**
 * Who calls the API: an institution named by a bearer JWT (GovStack Payments BB; RFC 7519, keys from the issuer's
 * JWKS), whose issuer, audience, expiry, algorithm and scope are checked; or by the X-Road security server that it comes from.
 */
import { errors, jwtVerify } from "jose";
import type { JWTVerifyGetKey } from "jose";
import type { Context, MiddlewareHandler } from "hono";
import { fieldOfNoText } from "#core/json.ts";
import { asInstitution } from "../acting-institution.ts";
import { KeysAwayError } from "./caller-keys.ts";
import { header } from "./headers.ts";
import type { HeaderName } from "./headers.ts";
import type { Peer } from "./peer.ts";
import { Problem } from "./problem.ts";
import type { RateGuard } from "./rates.ts";
import { xRoadCaller } from "./x-road.ts";
import type { FindXRoadClient } from "./x-road.ts";

export const scopes = [
  "vouchers:issue",
  "vouchers:read",
  "vouchers:redeem",
  "bills:read",
  "bills:write",
  "mapper:read",
  "mapper:write",
  "disbursements:submit",
  "disbursements:approve",
  "disbursements:read",
  "disbursements:pay",
] as const;

export type Scope = (typeof scopes)[number];

export interface CallerVariables {
  readonly Bindings: Peer;
  readonly Variables: {
    /** The network address that the request comes from; empty where it is not known. */
    address: string;
    /** Whether the connection is one of a security server, whose `X-Road-Client` is believed. */
    isFromXRoad: boolean;
    institutionId: string;
    /** Who calls for the institution: a person or a system, as its identity provider names it. */
    callerName: string;
  };
}

export interface TokenRules {
  readonly keys: JWTVerifyGetKey;
  readonly audience: string;
  readonly issuer: string | undefined;
}

/** The headers that an institution names itself by: one of its own for each role. */
export const institutionHeader: readonly HeaderName[] = ["X-Registering-Institution-ID"];
export const billHeaders: readonly HeaderName[] = [...institutionHeader, "X-PayerFI-Id", "X-billerId"];

export interface CallerGuard {
  readonly rules: TokenRules;
  readonly findXRoadClient: FindXRoadClient;
  readonly rates: RateGuard;
  readonly scopeOf: (c: Context) => Scope;
  readonly now?: () => number;
}

/** Lets an institution with the scope pass; 401 without a valid token, 403 for another institution's name. */
export function requireCaller(
  { rules, findXRoadClient, rates, scopeOf, now = Date.now }: CallerGuard,
  nameHeaders = institutionHeader,
): MiddlewareHandler<CallerVariables> {
  const verify = rememberVerified((c, token) => verifyToken(rules, c, token), now);
  return async (c, next) => {
    const caller = await callerOf(verify, findXRoadClient, c).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 401) rates.address(c);
      throw error;
    });
    const { institutionId, callerName } = caller;
    rates.caller(c, institutionId);
    const scope = scopeOf(c);
    if (!caller.scopes.includes(scope)) throw new Problem(403, `The token lacks the scope ${scope}`);
    for (const name of nameHeaders) {
      const named = header(c, name);
      if (named !== undefined && named !== institutionId)
        throw new Problem(403, `The token is not of the institution ${named.slice(0, 20)}`);
    }
    c.set("institutionId", institutionId);
    c.set("callerName", callerName);
    await asInstitution({ id: institutionId, isAboutOthers: isAboutOthers(scope) }, next);
  };
}

/** A merchant's bank redeems anybody's vouchers, a bill has several parties, and banks answer for others' batches. */
function isAboutOthers(scope: Scope): boolean {
  return scope === "vouchers:redeem" || scope === "disbursements:pay" || scope.startsWith("bills:");
}

/**
 * For a sandbox, which only its own machine reaches: there is no token, and a caller is who its header says. Throws 400
 * without the header and 403 for an institution that is not registered.
 */
export function trustCaller(
  isRegistered: (institutionId: string) => Promise<boolean>,
  nameHeaders = institutionHeader,
): MiddlewareHandler<CallerVariables> {
  return async (c, next) => {
    const institutionId = nameHeaders.map((name) => header(c, name)).find((named) => named !== undefined);
    if (institutionId === undefined || institutionId.length > 20) {
      const reason = institutionId === undefined ? "is required" : "is longer than 20 characters";
      const field = nameHeaders.join(" or ");
      throw new Problem(400, `Header ${field} ${reason}`, [{ field, reason }]);
    }
    if (!(await isRegistered(institutionId)))
      throw new Problem(403, `The institution ${institutionId} is not registered with this sandbox`);
    c.set("institutionId", institutionId);
    c.set("callerName", institutionId);
    await next();
  };
}

export interface ProvenCaller {
  readonly institutionId: string;
  readonly callerName: string;
  readonly scopes: readonly string[];
}

type VerifyToken = (c: Context, token: string) => Promise<VerifiedCaller>;

interface VerifiedCaller extends ProvenCaller {
  /** When its token expires, in milliseconds since 1970. */
  readonly untilMs: number;
}

/** So long a token is believed without its key being looked at again: callers send the same one with each request. */
const rememberedMs = 60_000;
const mostRemembered = 1_000;

function rememberVerified(verify: VerifyToken, now: () => number): VerifyToken {
  const remembered = new Map<string, { readonly caller: VerifiedCaller; readonly untilMs: number }>();
  return async (c, token) => {
    const found = remembered.get(token);
    if (found && now() < found.untilMs) return found.caller;
    remembered.delete(token);
    const caller = await verify(c, token);
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(token, { caller, untilMs: Math.min(caller.untilMs, now() + rememberedMs) });
    return caller;
  };
}

async function callerOf(
  verify: VerifyToken,
  findXRoadClient: FindXRoadClient,
  c: Context<CallerVariables>,
): Promise<ProvenCaller> {
  const viaXRoad = await xRoadCaller(findXRoadClient, c);
  const [scheme, token] = (c.req.header("authorization") ?? "").split(" ");
  const hasToken = scheme?.toLowerCase() === "bearer" && token !== undefined && token !== "";
  if (viaXRoad && !hasToken) return viaXRoad;
  if (!hasToken) throw unauthorised("A bearer token is required");
  const proven = await verify(c, token);
  if (viaXRoad && viaXRoad.institutionId !== proven.institutionId)
    throw new Problem(403, "The token is of another institution than X-Road-Client");
  return proven;
}

async function verifyToken(rules: TokenRules, c: Context, token: string): Promise<VerifiedCaller> {
  try {
    const { payload } = await jwtVerify(token, rules.keys, {
      audience: rules.audience,
      algorithms: ["EdDSA", "Ed25519", "ES256", "RS256"],
      requiredClaims: ["exp"],
      ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
    });
    const institutionId = payload["client_id"] ?? payload.sub;
    if (typeof institutionId !== "string" || fieldOfNoText({ institutionId }) !== undefined)
      throw unauthorised("The token names no client");
    const scopes = typeof payload["scope"] === "string" ? payload["scope"].split(" ") : [];
    const callerName = (payload.sub ?? institutionId).slice(0, 50);
    return { institutionId, callerName, scopes, untilMs: (payload.exp ?? 0) * 1000 };
  } catch (error) {
    if (error instanceof KeysAwayError) {
      c.header("retry-after", "30");
      throw new Problem(
        503,
        "The issuer of tokens cannot be reached at the moment; nothing was done, try again",
      );
    }
    if (error instanceof errors.JOSEError) throw unauthorised(`The token is refused: ${error.code}`);
    throw error;
  }
}

function unauthorised(message: string): Problem {
  return new Problem(401, message);
}
