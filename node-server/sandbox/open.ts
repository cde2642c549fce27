/** A sandbox made ready: a database of its own, emptied and loaded where that is due, and the server on top of it. */
import { boxKeyPair } from "#sync/signing/sealed.ts";
import { composeServer } from "../compose.ts";
import type { ComposedServer, ComposeOptions } from "../compose.ts";
import { createKeyFiles } from "../key-files.ts";
import { migrateDatabase } from "../postgres/migrate.ts";
import {
  databaseUse,
  emptySandbox,
  finishSandbox,
  markSandbox,
  WrongDatabaseError,
} from "../postgres/sandbox.ts";
import { loadSeed } from "./load.ts";
import type { Seed } from "./seed.ts";

export interface OpenSandbox {
  readonly server: ComposedServer;
  /** The file and time of the seed that it goes on with; undefined when it was loaded now. */
  readonly goesOn: { readonly seed: string; readonly loadedAt: Date } | undefined;
}

export async function openSandbox(
  options: Omit<ComposeOptions, "callers">,
  { seed, seedName, reset }: { readonly seed: Seed; readonly seedName: string; readonly reset: boolean },
): Promise<OpenSandbox> {
  const { databaseUrl } = options;
  const found = await databaseUse(databaseUrl);
  if (found.use === "other") {
    throw new WrongDatabaseError(
      "This database is no sandbox's and is not empty. Nothing was changed; point DATABASE_URL (or PAYPOST_DATA) at " +
        "an empty one, or leave it out.",
    );
  }
  const goesOn =
    !reset && found.use === "sandbox" && found.loadedAt !== null
      ? { seed: found.seed, loadedAt: found.loadedAt }
      : undefined;
  if (!goesOn) {
    if (found.use === "sandbox") await emptySandbox(databaseUrl);
    await migrateDatabase(databaseUrl);
    await markSandbox(databaseUrl, seedName);
  }
  const server = await composeServer({ ...options, callers: "trusted" });
  if (!goesOn) {
    await load(server, options.keysFolder, seed).catch(async (error: unknown) => {
      await server.close();
      throw error;
    });
  }
  return { server, goesOn };
}

/** The name of the key file whose secret opens what the current API encrypts for any caller of a sandbox. */
export const callerKey = "sandbox-caller";

async function load({ parts }: ComposedServer, keysFolder: string, seed: Seed): Promise<void> {
  const { publicKey } = boxKeyPair(await createKeyFiles(keysFolder).secret(callerKey));
  await loadSeed({ ...parts, callerPublicKey: publicKey }, seed);
  const serials = seed.vouchers.map(({ serial }) => serial);
  await finishSandbox(
    parts.pool,
    serials.reduce((highest, serial) => (serial > highest ? serial : highest), 0n),
  );
}
