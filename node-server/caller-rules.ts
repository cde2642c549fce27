/** Where the keys of the callers' tokens come from: the issuer's URL, or a file. */
import { readFile } from "node:fs/promises";
import type { JSONWebKeySet } from "jose";
import type { Config } from "./config.ts";
import { keysOfDocument, keysOfUrl } from "./middleware/caller.ts";
import type { TokenRules } from "./middleware/caller.ts";

/** Throws when the file of keys cannot be read. Without a setting no token is valid, so nobody is let in. */
export async function loadCallerRules({ jwks, issuer, audience }: Config["callers"]): Promise<TokenRules> {
  if (jwks === undefined) return { keys: keysOfDocument({ keys: [] }), issuer, audience };
  if ("url" in jwks) return { keys: keysOfUrl(jwks.url), issuer, audience };
  const text = await readFile(jwks.file, "utf8");
  return { keys: keysOfDocument(JSON.parse(text) as JSONWebKeySet), issuer, audience };
}
