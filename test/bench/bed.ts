/**
 * What the rows that need a server measure on: a PostgreSQL of their own that waits for its disk, an
 * installation over it with one institution, one voucher group and merchants, and servers as real processes.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import nacl from "tweetnacl";
import { pino } from "pino";
import { webRandomBytes } from "#sync/signing/random.ts";
import { fundGroup } from "../../node-server/ledger/entries.ts";
import { issueEnrolmentCode } from "../../node-server/nodes/enrol.ts";
import { startEmbeddedPostgres } from "../../node-server/postgres/embedded.ts";
import type { ServerKeys } from "../../node-server/keys.ts";
import { migrateDatabase } from "../../node-server/postgres/migrate.ts";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { putMerchant, putVoucherGroup } from "../../node-server/postgres/registry-admin.ts";
import { registerKeys } from "../../node-server/signing-keys/registered.ts";
import type { KeyRing } from "../../node-server/signing-keys/ring.ts";
import type { NumberKeys } from "../../node-server/vouchers/numbers.ts";
import { createJobs } from "../../node-server/jobs/boss.ts";
import { BareNode } from "../support/bare-node.ts";
import { freePort } from "../support/free-port.ts";
import { fundForTest, testStore } from "../support/funding.ts";
import { prepareInstallation, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";
import { Institution } from "../support/institution.ts";
import type { Running } from "../support/processes.ts";

export const group = "FOO";
export const merchants = Array.from({ length: 16 }, (_, index) => `shop-${index + 1}`);

/** The server's own, for what is put into its tables beside it. */
export interface BenchKeys extends ServerKeys {
  readonly ring: KeyRing;
  readonly numbers: NumberKeys;
}

export interface Bed {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly keys: BenchKeys;
  readonly installation: Installation;
  readonly ministry: Institution;
  /** Where its first server listens, each time that it runs. */
  readonly url: string;
  /** Of the database as the operators see it; nobody else is connected while no server runs. */
  withDatabase<T>(work: (client: DatabaseClient) => Promise<T>): Promise<T>;
  /** Runs while `work` does. */
  withServer<T>(work: (server: Running) => Promise<T>): Promise<T>;
  /** Another one over the same database. */
  withAnotherServer<T>(work: (server: Running, url: string) => Promise<T>): Promise<T>;
  /** While a server runs. */
  enrolNode(merchantId: string): Promise<BareNode>;
  enrolmentCode(merchantId: string): Promise<string>;
}

/** No rate holds anybody back: what is measured is how much the server can, not how much it lets through. */
const unlimited = {
  PAYPOST_RATE_CALLER: "off",
  PAYPOST_RATE_NODE: "off",
  PAYPOST_RATE_ADDRESS: "off",
};

export async function withBed<T>(
  work: (bed: Bed) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "paypost-bench-"));
  // Started as root, PostgreSQL runs as another user, who must be able to reach its folder.
  await chmod(folder, 0o755);
  const log = pino({ level: "silent" });
  const database = await startEmbeddedPostgres({ dataFolder: join(folder, "database"), log });
  try {
    const port = String(await freePort());
    const installation = await prepareInstallation(folder, {
      DATABASE_URL: database.url,
      PORT: port,
      ...unlimited,
      ...environment,
    });
    try {
      return await work(await furnish(installation, database.url, `http://127.0.0.1:${port}`));
    } finally {
      await installation.receiver.close();
    }
  } finally {
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function furnish(installation: Installation, databaseUrl: string, url: string): Promise<Bed> {
  const { folder, issuer, receiver } = installation;
  const ministry = new Institution("welfare", url, issuer, receiver, nacl.box.keyPair());
  const withDatabase: Bed["withDatabase"] = async (work) => {
    const options = { max: 8, statement_timeout: 0, idle_in_transaction_session_timeout: 0 };
    const client = createDatabaseClient(databaseUrl, { warn: () => {} }, options);
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  };
  await migrateDatabase(databaseUrl);
  // Copies of the database are to have the tables of jobs, which a server makes when it starts.
  await (await createJobs({ connectionString: databaseUrl, log: pino({ level: "silent" }) })).stop();
  const keys = await withDatabase(async ({ pool }) => {
    await ministry.register(pool);
    await putVoucherGroup(pool, { code: group, name: "Food", validityDays: 180 });
    for (const id of merchants) await putMerchant(pool, { id, name: id, accepts: [group] });
    const money = { amountMinor: 100_000_000_000n, currency: "USD" };
    await fundForTest(pool, fundGroup("bench", group, money));
    return keysOf(join(folder, "server", "keys"), pool);
  });
  const enrolmentCode: Bed["enrolmentCode"] = (merchantId) =>
    withDatabase(({ pool }) =>
      issueEnrolmentCode(testStore(pool), webRandomBytes, { merchantId, nodeName: "till", validHours: 1 }),
    );
  return {
    folder,
    databaseUrl,
    keys,
    installation,
    ministry,
    url,
    withDatabase,
    withServer: (work) => withServerOf(installation, work),
    withAnotherServer: async (work) =>
      withServerOf({ ...installation, environment: { ...installation.environment, PORT: "0" } }, work),
    enrolmentCode,
    enrolNode: async (merchantId) => BareNode.enrol(url, await enrolmentCode(merchantId)),
  };
}

async function keysOf(keysFolder: string, pool: DatabaseClient["pool"]): Promise<BenchKeys> {
  const { keys, ring } = await registerKeys(keysFolder, pool);
  const { indexKey, boxKeys } = keys;
  const tokenKeyId = () => ring.signers["voucher-token"].keyId;
  return { ...keys, ring, numbers: { indexKey, boxSecretKey: boxKeys.secretKey, tokenKeyId } };
}

async function withServerOf<T>(
  installation: Installation,
  work: (server: Running, url: string) => Promise<T>,
): Promise<T> {
  const { running, url } = await startServer(installation);
  try {
    return await work(running, url);
  } finally {
    running.child.kill("SIGTERM");
    const { stderr } = await running.finished;
    if (stderr !== "") process.stderr.write(stderr);
  }
}
