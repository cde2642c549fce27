/**
 * Who calls the API: an institution named by a bearer JWT (GovStack Payments BB; RFC 7519, keys from the issuer's
 * JWKS). Issuer, audience, expiry, algorithm and scope are checked.
 */
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from "jose";
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import type { Context, MiddlewareHandler } from "hono";
import { header } from "./headers.ts";
import type { HeaderName } from "./headers.ts";
import type { Peer } from "./peer.ts";
import { Problem } from "./problem.ts";
import type { RateGuard } from "./rates.ts";

export type Scope =
  | "vouchers:issue"
  | "vouchers:read"
  | "vouchers:redeem"
  | "bills:read"
  | "bills:write"
  | "mapper:read"
  | "mapper:write"
  | "disbursements:submit"
  | "disbursements:approve"
  | "disbursements:read"
  | "disbursements:pay";

export interface CallerVariables {
  readonly Bindings: Peer;
  readonly Variables: {
    /** The network address that the request comes from; empty where it is not known. */
    address: string;
    /** Whether a proxy that is trusted to say who asks has passed the request on. */
    isFromProxy: boolean;
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

export function keysOfUrl(url: URL): JWTVerifyGetKey {
  return createRemoteJWKSet(url);
}

export function keysOfDocument(keySet: JSONWebKeySet): JWTVerifyGetKey {
  return createLocalJWKSet(keySet);
}

/** The headers that an institution names itself by: one of its own for each role. */
export const institutionHeader: readonly HeaderName[] = ["X-Registering-Institution-ID"];
export const billHeaders: readonly HeaderName[] = [...institutionHeader, "X-PayerFI-Id", "X-billerId"];

export interface CallerGuard {
  readonly rules: TokenRules;
  readonly rates: RateGuard;
  readonly scopeOf: (c: Context) => Scope;
}

/** Lets an institution with the scope pass; 401 without a valid token, 403 for another institution's name. */
export function requireCaller(
  { rules, rates, scopeOf }: CallerGuard,
  nameHeaders = institutionHeader,
): MiddlewareHandler<CallerVariables> {
  return async (c, next) => {
    const { institutionId, callerName, scopes } = await callerOf(rules, c).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 401) rates.address(c);
      throw error;
    });
    rates.caller(c, institutionId);
    const scope = scopeOf(c);
    if (!scopes.includes(scope)) throw new Problem(403, `The token lacks the scope ${scope}`);
    for (const name of nameHeaders) {
      const named = header(c, name);
      if (named !== undefined && named !== institutionId)
        throw new Problem(403, `The token is not of the institution ${named.slice(0, 20)}`);
    }
    c.set("institutionId", institutionId);
    c.set("callerName", callerName);
    await next();
  };
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

interface ProvenCaller {
  readonly institutionId: string;
  readonly callerName: string;
  readonly scopes: readonly string[];
}

async function callerOf(rules: TokenRules, c: Context<CallerVariables>): Promise<ProvenCaller> {
  const [scheme, token] = (c.req.header("authorization") ?? "").split(" ");
  if (scheme?.toLowerCase() !== "bearer" || !token) throw unauthorised("A bearer token is required");
  return verifyToken(rules, token);
}

async function verifyToken(rules: TokenRules, token: string): Promise<ProvenCaller> {
  try {
    const { payload } = await jwtVerify(token, rules.keys, {
      audience: rules.audience,
      algorithms: ["EdDSA", "Ed25519", "ES256", "RS256"],
      requiredClaims: ["exp"],
      ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
    });
    const institutionId = payload["client_id"] ?? payload.sub;
    if (typeof institutionId !== "string") throw unauthorised("The token names no client");
    const scopes = typeof payload["scope"] === "string" ? payload["scope"].split(" ") : [];
    return { institutionId, callerName: (payload.sub ?? institutionId).slice(0, 50), scopes };
  } catch (error) {
    if (error instanceof errors.JOSEError) throw unauthorised(`The token is refused: ${error.code}`);
    throw error;
  }
}

function unauthorised(message: string): Problem {
  return new Problem(401, message);
}
