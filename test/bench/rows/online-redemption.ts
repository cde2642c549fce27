/**
 * Online redemption over HTTP with 16 callers, beside the same SQL straight through the driver: the server records what one
 * redemption after the other asks of a copy of the database, and another copy is given that over 16 connections.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kysely, PostgresDialect } from "kysely";
import { pino } from "pino";
import { Agent } from "undici";
import { createJobs } from "../../../node-server/jobs/boss.ts";
import { loadServerKeys } from "../../../node-server/keys.ts";
import { ledgerGateway } from "../../../node-server/payments/ledger-gateway.ts";
import { startEmbeddedPostgres } from "../../../node-server/postgres/embedded.ts";
import type { Database } from "../../../node-server/postgres/schema.ts";
import { createPostgresStore } from "../../../node-server/postgres/store.ts";
import { redeemOnline } from "../../../node-server/vouchers/redeem-online.ts";
import {
  operate,
  prepareInstallation,
  registerInstitution,
  startServer,
} from "../../support/installation.ts";
import type { Installation } from "../../support/installation.ts";
import type { IssuedVoucher } from "../../support/institution.ts";
import { copyDatabase, createRecorder, replay } from "../replay.ts";
import type { Transcript } from "../replay.ts";
import { percentile } from "../row.ts";
import type { BenchRow } from "../row.ts";

const callers = 16;
const redemptions = 1500;
const warmUp = 100;

export const onlineRedemption: BenchRow = {
  name: "online-redemption",
  comparedWith: `the same SQL straight through the driver, ${callers} connections`,
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "paypost-bench-"));
    // Started as root, PostgreSQL runs as another user, who must be able to reach its folder.
    await chmod(folder, 0o755);
    const log = pino({ level: "silent" });
    const database = await startEmbeddedPostgres({ dataFolder: join(folder, "database"), log });
    try {
      const installation = await prepareInstallation(folder, {
        DATABASE_URL: database.url,
        PAYPOST_RATE_CALLER: "off",
      });
      const vouchers = await issue(installation);
      const [recorded = "", replayed = ""] = await copyDatabase(database.url, ["recorded", "replayed"]);
      const ours = await overHttp(installation, vouchers);
      const transcripts = await record(recorded, join(folder, "server", "keys"), vouchers);
      await replay(replayed, transcripts.slice(0, warmUp), callers);
      const begun = performance.now();
      const raw = await replay(replayed, transcripts.slice(warmUp), callers);
      const rawSeconds = (performance.now() - begun) / 1000;
      await installation.receiver.close();
      return [
        {
          what: "redemptions a second",
          ours: ours.took.length / ours.seconds,
          raw: raw.length / rawSeconds,
          unit: "/s",
          goal: { atLeast: 0.6 },
        },
        {
          what: "answered within, 99 %",
          ours: percentile(ours.took, 0.99),
          raw: percentile(raw, 0.99),
          unit: "ms",
          goal: { atMost: 3 },
        },
      ];
    } finally {
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function issue(installation: Installation): Promise<IssuedVoucher[]> {
  const { running, url } = await startServer(installation);
  await operate(installation, "group", "add", "FOO", "Food");
  await operate(installation, "group", "fund", "FOO", "100000.00", "USD", "--reference", "bench");
  for (let n = 1; n <= callers; n++)
    await operate(installation, "merchant", "add", `shop-${n}`, `Shop ${n}`, "--accepts", "FOO");
  const ministry = await registerInstitution(installation, url, "welfare");
  const vouchers = await ministry.createVouchers("FOO", Array<number>(redemptions).fill(7));
  await ministry.activate(vouchers.map(({ serialNumber }) => serialNumber));
  running.child.kill("SIGTERM");
  await running.finished;
  return vouchers;
}

async function overHttp(installation: Installation, vouchers: readonly IssuedVoucher[]) {
  const { running, url } = await startServer(installation);
  const token = await installation.issuer.token("welfare");
  const dispatcher = new Agent({ connections: callers, pipelining: 1 });
  const redeem = async (voucher: IssuedVoucher, n: number): Promise<number> => {
    const begun = performance.now();
    const { statusCode, body } = await dispatcher.request({
      origin: url,
      path: "/vouchers?command=redeem",
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "x-registering-institution-id": "welfare",
        "x-program-id": "relief-2026",
      },
      body: JSON.stringify({
        requestID: `b-${n}`,
        voucherSerialNumber: voucher.serialNumber,
        agentID: `shop-${1 + (n % callers)}`,
        voucherSecretNumber: voucher.number,
      }),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`redemption ${n}: ${statusCode} ${text}`);
    return performance.now() - begun;
  };
  const waiting = [...vouchers.entries()];
  const work = async (limit: number): Promise<number[]> => {
    const took: number[] = [];
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (vouchers.length - waiting.length < limit) {
          const next = waiting.shift();
          if (!next) return;
          took.push(await redeem(next[1], next[0]));
        }
      }),
    );
    return took;
  };
  await work(warmUp);
  const begun = performance.now();
  const took = await work(redemptions);
  const seconds = (performance.now() - begun) / 1000;
  running.child.kill("SIGTERM");
  await running.finished;
  await dispatcher.close();
  return { took, seconds };
}

/** One redemption after the other, by the server's own code. */
async function record(
  url: string,
  keysFolder: string,
  vouchers: readonly IssuedVoucher[],
): Promise<Transcript[]> {
  const { indexKey } = await loadServerKeys(keysFolder);
  const { pool, record: recording } = createRecorder(url);
  const jobs = await createJobs({ connectionString: url, log: pino({ level: "silent" }) });
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const store = createPostgresStore({ db, jobs });
  const transcripts: Transcript[] = [];
  for (const [n, voucher] of vouchers.entries()) {
    const key = { institutionId: "welfare", call: "POST /vouchers?command=redeem", requestId: `b-${n}` };
    transcripts.push(
      await recording(async () => {
        const outcome = await redeemOnline(
          { store, gateway: ledgerGateway, indexKey },
          { key, bodyHash: new Uint8Array(32) },
          {
            serialNumber: voucher.serialNumber,
            voucherNumber: voucher.number,
            agentId: `shop-${1 + (n % callers)}`,
            override: false,
          },
        );
        if (outcome.outcome !== "paid") throw new Error(`redemption ${n}: ${JSON.stringify(outcome)}`);
      }),
    );
  }
  await db.destroy();
  await jobs.stop();
  return transcripts;
}
