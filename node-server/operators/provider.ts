/**
 * Signing in by an OpenID Connect provider: authorization code with PKCE, state and nonce (RFC 6749, 7636, OpenID Connect
 * Core). What a sign-in began with travels in a sealed cookie, so that any server process can end it.
 */
import nacl from "tweetnacl";
import * as oidc from "openid-client";
import { readGrant } from "./rights.ts";
import type { ProviderIdentity } from "../ports/operators.ts";

export interface ProviderSettings {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** The claim of the identity token, or of the user's information, that lists roles as `readGrant` reads them. */
  readonly rolesClaim: string;
}

export interface Begun {
  /** Where the browser goes. */
  readonly url: string;
  /** Comes back with the answer, in a cookie. */
  readonly sealed: string;
}

export type Vouched =
  | { readonly ok: true; readonly identity: ProviderIdentity }
  | { readonly ok: false; readonly refusal: "provider-refused" | "no-role" | "no-name" };

export interface Provider {
  begin(redirectUri: string): Promise<Begun>;
  /** `url`: that the browser came back to. Throws when the provider cannot be reached. */
  end(url: URL, sealed: string | undefined): Promise<Vouched>;
}

/** The person has this long at the provider. */
const longestMs = 10 * 60_000;

interface Flow {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly untilMs: number;
}

/** Asks the provider for its settings at the first sign-in, and anew after a failure: it may be down when the server starts. */
export function createProvider(
  settings: ProviderSettings,
  key: Uint8Array,
  randomBytes: (length: number) => Uint8Array,
): Provider {
  let found: Promise<oidc.Configuration> | undefined;
  const configuration = () => {
    found ??= discover(settings);
    found.catch(() => (found = undefined));
    return found;
  };
  return {
    async begin(redirectUri) {
      const config = await configuration();
      const flow: Flow = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
        redirectUri,
        untilMs: Date.now() + longestMs,
      };
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: "openid profile email",
        code_challenge: await oidc.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: "S256",
        state: flow.state,
        nonce: flow.nonce,
      });
      return { url: url.href, sealed: sealFlow(key, flow, randomBytes) };
    },
    async end(url, sealed) {
      const config = await configuration();
      const flow = openFlow(key, sealed);
      if (!flow) return { ok: false, refusal: "provider-refused" };
      const answered = new URL(flow.redirectUri);
      answered.search = url.search;
      try {
        const tokens = await oidc.authorizationCodeGrant(config, answered, {
          pkceCodeVerifier: flow.verifier,
          expectedState: flow.state,
          expectedNonce: flow.nonce,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) return { ok: false, refusal: "provider-refused" };
        const said = config.serverMetadata().userinfo_endpoint
          ? { ...(await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims }
          : claims;
        return identityOf(settings, said);
      } catch (error) {
        if (isRefusal(error)) return { ok: false, refusal: "provider-refused" };
        throw error;
      }
    },
  };
}

function discover({ issuer, clientId, clientSecret }: ProviderSettings): Promise<oidc.Configuration> {
  const method = clientSecret === undefined ? oidc.None() : oidc.ClientSecretPost(clientSecret);
  // The settings take http for loopback only, as trials and tests need it.
  const execute = issuer.protocol === "http:" ? [oidc.allowInsecureRequests] : [];
  return oidc.discovery(issuer, clientId, undefined, method, { execute, timeout: 10 });
}

function identityOf(
  { issuer, rolesClaim }: ProviderSettings,
  said: Readonly<Record<string, unknown>> & { readonly sub: string },
): Vouched {
  const claimed = said[rolesClaim];
  const texts = (Array.isArray(claimed) ? claimed : [claimed]).filter((text) => typeof text === "string");
  // A provider may list roles of other programs too.
  const ours = texts.filter((text) => readGrant([text]).ok);
  const read = readGrant(ours);
  if (!read.ok) return { ok: false, refusal: "no-role" };
  const name = [said["preferred_username"], said["email"], said.sub].find((text) => isName(text));
  if (typeof name !== "string") return { ok: false, refusal: "no-name" };
  const { roles, party } = read.grant;
  return {
    ok: true,
    identity: { issuer: issuer.href, subject: said.sub, name, roles, partyId: party?.id ?? null },
  };
}

function isName(text: unknown): boolean {
  return typeof text === "string" && text.trim() === text && text.length > 0 && text.length <= 60;
}

/** What the provider or its answer is at fault for, and not the way to it. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof oidc.AuthorizationResponseError ||
    error instanceof oidc.ResponseBodyError ||
    error instanceof oidc.WWWAuthenticateChallengeError ||
    (error instanceof oidc.ClientError && error.code !== "OAUTH_TIMEOUT")
  );
}

function sealFlow(key: Uint8Array, flow: Flow, randomBytes: (length: number) => Uint8Array): string {
  const nonce = randomBytes(nacl.secretbox.nonceLength);
  const box = nacl.secretbox(new TextEncoder().encode(JSON.stringify(flow)), nonce, key);
  return Buffer.concat([nonce, box]).toString("base64url");
}

function openFlow(key: Uint8Array, sealed: string | undefined): Flow | undefined {
  if (sealed === undefined) return undefined;
  const bytes = new Uint8Array(Buffer.from(sealed, "base64url"));
  const { nonceLength } = nacl.secretbox;
  if (bytes.length <= nonceLength) return undefined;
  const opened = nacl.secretbox.open(bytes.subarray(nonceLength), bytes.subarray(0, nonceLength), key);
  if (!opened) return undefined;
  const flow = JSON.parse(new TextDecoder().decode(opened)) as Flow;
  return flow.untilMs > Date.now() ? flow : undefined;
}
