/** Where the keys of the callers' tokens come from: the issuer's URL, a file, or this machine's own for a first trial. */
import { readFile } from "node:fs/promises";
import type { JSONWebKeySet } from "jose";
import type { Config } from "./config.ts";
import { developmentIssuer, developmentJwk, hasDevelopmentIssuer } from "./development-issuer.ts";
import { keysOfDocument, keysOfUrl } from "./middleware/caller-keys.ts";
import type { TokenRules } from "./middleware/caller.ts";

/** Throws when the file of keys cannot be read. Without any keys no token is valid, so nobody is let in. */
export async function loadCallerRules(config: Config): Promise<TokenRules> {
  const { jwks, issuer, audience } = config.callers;
  if (hasDevelopmentIssuer(config)) {
    const keys = keysOfDocument({ keys: [await developmentJwk(config)] });
    return { keys, issuer: developmentIssuer, audience };
  }
  if (jwks === undefined) return { keys: keysOfDocument({ keys: [] }), issuer, audience };
  if ("url" in jwks) return { keys: keysOfUrl(jwks.url), issuer, audience };
  const text = await readFile(jwks.file, "utf8");
  return { keys: keysOfDocument(JSON.parse(text) as JSONWebKeySet), issuer, audience };
}
