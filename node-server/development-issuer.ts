/**
 * A stand-in for the issuer of callers' tokens, for a first trial: a server that keeps everything on this machine, listens on
 * this machine only and was told of no issuer takes the tokens of `npm run token`, whose key lies in its key folder.
 */
import { importJWK, SignJWT } from "jose";
import type { JWK } from "jose";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import { isLoopback } from "./config.ts";
import type { Config } from "./config.ts";
import { createKeyFiles } from "./key-files.ts";

type KeyFolder = Pick<Config, "keysFolder" | "keysSecret">;

const keyName = "development-issuer";

export const developmentIssuer = "paypost-development";

/** Never beside a real issuer, with a database that others may reach, or on an address that others reach. */
export function hasDevelopmentIssuer({ callers, databaseUrl, host }: Config): boolean {
  return callers.jwks === undefined && databaseUrl === undefined && isLoopback(host);
}

/** The public half, as a server knows it. */
export async function developmentJwk(config: KeyFolder): Promise<JWK> {
  const { d: _secret, ...jwk } = await secretJwk(config);
  return jwk;
}

export async function developmentToken(
  config: KeyFolder & Pick<Config, "callers">,
  {
    institutionId,
    scope,
    hours,
  }: { readonly institutionId: string; readonly scope: string; readonly hours: number },
): Promise<string> {
  return new SignJWT({ client_id: institutionId, scope })
    .setProtectedHeader({ alg: "EdDSA", kid: keyName })
    .setIssuer(developmentIssuer)
    .setAudience(config.callers.audience)
    .setIssuedAt()
    .setExpirationTime(`${hours}h`)
    .sign(await importJWK(await secretJwk(config), "EdDSA"));
}

async function secretJwk({ keysFolder, keysSecret }: KeyFolder): Promise<JWK> {
  const seed = await createKeyFiles(keysFolder, keysSecret).secret(keyName);
  const encode = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
  const x = encode(ed25519Key(seed).publicKey);
  return { kty: "OKP", crv: "Ed25519", x, d: encode(seed), kid: keyName, alg: "EdDSA", use: "sig" };
}
