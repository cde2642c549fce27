/** What a command needs to act as a server would: its keys, and a store whose transactions enqueue jobs. */
import { randomBytes } from "node:crypto";
import { pino } from "pino";
import { createJobs } from "../jobs/boss.ts";
import { operatorsPool } from "../database.ts";
import type { Config } from "../config.ts";
import type { OperatorsDatabase } from "../database.ts";
import { createAddresses } from "../addresses.ts";
import type { CarriedDependencies } from "../operations/carried.ts";
import { isPassingFailure } from "../postgres/away.ts";
import { createDatabaseClient } from "../postgres/pool.ts";
import { createPostgresStore } from "../postgres/store.ts";
import { registerKeys } from "../signing-keys/registered.ts";

export async function asServer<T>(
  { url, pool }: OperatorsDatabase,
  { keysFolder, keysSecret }: Pick<Config, "keysFolder" | "keysSecret">,
  work: (server: CarriedDependencies) => Promise<T>,
): Promise<T> {
  const { keys, ring } = await registerKeys(keysFolder, pool, keysSecret);
  const log = pino({ level: "warn" }, pino.destination(2));
  const jobs = await createJobs({ connectionString: url, log });
  const client = createDatabaseClient(url, log, operatorsPool());
  try {
    return await work({
      store: createPostgresStore({
        pool: client.pool,
        jobs,
        addresses: createAddresses(keys.addressKey, (length) => new Uint8Array(randomBytes(length))),
      }),
      context: {
        boxKeys: keys.boxKeys,
        indexKey: keys.indexKey,
        verdictSigner: ring.signers["verdict-list"],
        trusted: ring.trusted,
        isPassing: isPassingFailure,
        onFailure: (error, what) => log.error({ err: error }, what),
      },
      acknowledgementSigner: ring.signers.acknowledgement,
      keySet: ring.keySet,
    });
  } finally {
    await client.close();
    await jobs.stop();
  }
}
