/**
 * Four tills, the server and its PostgreSQL, all killed with SIGKILL at random while the tills make 500 operations: each
 * operation that a screen accepted has one verdict, the same everywhere, and the books balance.
 */
import { randomInt } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openStores } from "../../desktop/worker/open.ts";
import { embeddedUrl } from "../../node-server/postgres/embedded.ts";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import {
  enrolTill,
  operate,
  prepareInstallation,
  registerInstitution,
  startServer,
} from "../support/installation.ts";
import type { Installation, Till } from "../support/installation.ts";
import type { Institution } from "../support/institution.ts";
import { createLink } from "../support/link.ts";
import { start } from "../support/processes.ts";
import type { Running } from "../support/processes.ts";
import { freePort } from "../support/free-port.ts";
import type { Task } from "./busy-till.ts";

const shops = ["shop-1", "shop-2", "shop-3", "shop-4"];
/** Of each till: redeemed under leases, given back, and taken at risk by it and by the till next to it. */
const leased = 95;
const released = 10;
const contested = 20;
const operations = shops.length * (leased + released + contested);
const kills = { tills: 24, server: 6, postgres: 4 };

interface Enrolled {
  readonly till: Till;
  readonly nodeId: string;
  readonly list: string;
}

interface Worker extends Enrolled {
  /** What its screen said: sequence numbers and hashes. */
  readonly accepted: Map<number, string>;
  running: Running;
  isDone: boolean;
}

test(`4.7: ${operations} operations, with every process killed again and again, have exactly ${operations} verdicts`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "paypost-five-hundred-"));
  const installation = await prepareInstallation(folder, { PORT: String(await freePort()) });
  let { running: server, url } = await startServer(installation);
  const link = await createLink(url);
  const ministry = await prepare(installation, url);
  const enrolled = await enrolAll(installation, ministry, link.url);
  const workers: readonly Worker[] = enrolled.map((till) => ({
    ...till,
    accepted: new Map(),
    running: startTill(till),
    isDone: false,
  }));
  const client = createDatabaseClient(await embeddedUrl(join(folder, "server")), pino({ level: "silent" }), {
    max: 2,
  });
  onTestFinished(async () => {
    for (const { running } of workers) running.child.kill("SIGKILL");
    await client.close();
    server.child.kill("SIGTERM");
    await server.finished;
    await link.cut();
    await installation.receiver.close();
    await rm(folder, { recursive: true, force: true });
  });

  const plan = planOfKills();
  const killed = { tills: 0, server: 0, postgres: 0 };
  const news = createNews();
  for (const worker of workers) listen(worker, news);
  while (workers.some(({ isDone }) => !isDone)) {
    await news.next();
    const count = workers.reduce((sum, { accepted }) => sum + accepted.size, 0);
    while ((plan[0]?.at ?? Infinity) <= count) {
      const victim = plan.shift()?.victim ?? "tills";
      if (victim === "tills") await killTill(workers, news);
      else if (victim === "server") {
        server.child.kill("SIGKILL");
        expect((await server.finished).signal).toBe("SIGKILL");
        ({ running: server } = await startServer(installation));
      } else await killPostgres(folder);
      killed[victim] += 1;
    }
  }
  expect(killed).toEqual(kills);

  await expectOneVerdictEach(client, workers);
  await expectBooks(client, installation);
}, 300_000);

/** At which number of accepted operations which process is killed; well before the last of what the screens say. */
function planOfKills(): { at: number; victim: keyof typeof kills }[] {
  const victims = Object.entries(kills) as [keyof typeof kills, number][];
  return victims
    .flatMap(([victim, times]) =>
      Array.from({ length: times }, () => ({ at: randomInt(1, operations - 60), victim })),
    )
    .toSorted((a, b) => a.at - b.at);
}

function startTill({ till, list }: Enrolled): Running {
  const passphrase = { PAYPOST_PASSPHRASE: "a passphrase for trials only" };
  return start("test/faults/busy-till.ts", [till.folder, list], passphrase);
}

interface News {
  tell(): void;
  fail(error: Error): void;
  /** Resolves with the next thing that is told; rejects when a till has failed. */
  next(): Promise<void>;
}

function createNews(): News {
  let waiting = Promise.withResolvers<void>();
  let failure: Error | undefined;
  return {
    tell() {
      waiting.resolve();
      waiting = Promise.withResolvers();
    },
    fail(error) {
      failure ??= error;
      this.tell();
    },
    async next() {
      await waiting.promise;
      if (failure) throw failure;
    },
  };
}

function listen(worker: Worker, news: News): void {
  const { running } = worker;
  let rest = "";
  running.child.stdout?.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(worker, line);
    news.tell();
  });
  void failing(worker, news);
}

/** A till that was not killed and ends badly fails the test. */
async function failing({ running, till }: Worker, news: News): Promise<void> {
  const { code, signal, stderr } = await running.finished;
  if (signal === null && code !== 0) news.fail(new Error(`the till of ${till.name} ended: ${stderr}`));
}

function hear(worker: Worker, line: string): void {
  const [word, sequence, hash] = line.split(" ");
  if (word === "DONE") worker.isDone = true;
  if (word === "ACCEPTED" && sequence && hash) worker.accepted.set(Number(sequence), hash);
}

async function killTill(workers: readonly Worker[], news: News): Promise<void> {
  const alive = workers.filter(({ isDone }) => !isDone);
  const worker = alive[randomInt(alive.length)] ?? workers[0];
  if (!worker) throw new Error("there is no till");
  worker.running.child.kill("SIGKILL");
  await worker.running.finished;
  worker.running = startTill(worker);
  listen(worker, news);
}

/** The one that runs: what the file names may have been killed with its server, and the next one be on its way. */
async function killPostgres(folder: string): Promise<void> {
  const file = join(folder, "server", "postgres", "cluster", "postmaster.pid");
  for (;;) {
    const [pid = ""] = (await readFile(file, "utf8").catch(() => "")).split("\n");
    if (pid !== "" && isKilled(Number(pid))) return;
    await delay(50);
  }
}

/** False where there is no such process. */
function isKilled(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

async function expectOneVerdictEach(client: DatabaseClient, workers: readonly Worker[]): Promise<void> {
  const { rows } = await client.pool.query<{
    node_id: string;
    sequence: bigint;
    hash: Buffer;
    state: string;
    reason: string | null;
  }>("select node_id, sequence, hash, state, reason from operations order by node_id, sequence");
  expect(rows).toHaveLength(operations);
  const counts = { applied: 0, rejected: 0 };
  for (const worker of workers) {
    const theirs = rows.filter(({ node_id: id }) => id === worker.nodeId);
    expect(theirs.map(({ sequence }) => Number(sequence))).toEqual(
      Array.from({ length: operations / shops.length }, (_, index) => index + 1),
    );
    const opened = openStores({ directory: worker.till.folder, wallMs: () => Date.now() });
    if (!opened.ok) throw new Error("the till is still open");
    for (const { sequence, hash, state, reason } of theirs) {
      const accepted = worker.accepted.get(Number(sequence));
      // A till that was killed between the disk and the screen has said nothing of what it had stored.
      if (accepted !== undefined) expect(accepted).toBe(hash.toString("hex"));
      const own = opened.stores.queue.find(Number(sequence));
      expect({ state: own?.state, reason: own?.reason }).toEqual({ state, reason });
      counts[state as keyof typeof counts] += 1;
    }
    // Nothing was accepted that is not there.
    expect([...worker.accepted.keys()].filter((sequence) => sequence > theirs.length)).toEqual([]);
    opened.stores.close();
  }
  const lost = (shops.length * contested) / 2;
  expect(counts).toEqual({ applied: operations - lost, rejected: lost });
  const audited = await client.pool.query<{ count: bigint }>(
    `select count(*) from operations o where (select count(*) from audit_entries a
       where a.subject = 'operation:' || o.node_id || ':' || o.sequence) = 1`,
  );
  expect(audited.rows[0]?.count).toBe(BigInt(operations));
}

async function expectBooks(client: DatabaseClient, installation: Installation): Promise<void> {
  expect(await operate(installation, "books")).toMatchObject({ balanced: true });
  const { rows } = await client.pool.query<{ state: string; count: bigint; reserved: bigint }>(
    "select state, count(*), sum(reserved_minor)::bigint as reserved from vouchers group by state order by state",
  );
  const consumed = shops.length * leased + (shops.length * contested) / 2;
  const free = shops.length * released;
  expect(rows).toEqual([
    { state: "activated", count: BigInt(free), reserved: BigInt(free) * 700n },
    { state: "consumed", count: BigInt(consumed), reserved: 0n },
  ]);
  const paid = await client.pool.query<{ sum: bigint; owed: bigint }>(
    `select sum(balance_minor) filter (where kind = 'merchant')::bigint as sum,
       coalesce(sum(balance_minor) filter (where kind = 'owed'), 0)::bigint as owed from accounts`,
  );
  expect(paid.rows).toEqual([{ sum: BigInt(consumed) * 700n, owed: 0n }]);
}

async function prepare(installation: Installation, url: string): Promise<Institution> {
  const policy = join(installation.folder, "policy.json");
  await writeFile(policy, JSON.stringify(await operate(installation, "policy", "example")));
  await operate(installation, "policy", "set", policy, "--by", "Amina");
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "add", "RSK", "Emergency aid", "--at-risk");
  for (const group of ["FOO", "RSK"]) {
    await operate(installation, "group", "fund", group, "10000.00", "USD", "--reference", `t-${group}`);
  }
  return registerInstitution(installation, url, "welfare");
}

async function enrolAll(
  installation: Installation,
  ministry: Institution,
  url: string,
): Promise<readonly Enrolled[]> {
  const enrolled: Enrolled[] = [];
  let shared: readonly Task[] = [];
  for (const [index, shop] of shops.entries()) {
    const { till, nodeId } = await enrolTill(installation, url, { id: shop, name: shop, accepts: "FOO,RSK" });
    const own = await issue(ministry, "FOO", leased + released, { leaseTo: nodeId });
    if (index % 2 === 0) shared = await issue(ministry, "RSK", contested, {});
    const back = own.slice(0, released).map((task): Task => ({ ...task, what: "release" }));
    const list = join(installation.folder, `${shop}.json`);
    await writeFile(list, JSON.stringify(shuffled([...back, ...own.slice(released), ...shared])));
    enrolled.push({ till, nodeId, list });
  }
  for (const { till } of enrolled) expect((await till.run("sync")).code).toBe(0);
  return enrolled;
}

async function issue(
  ministry: Institution,
  group: string,
  count: number,
  lease: { readonly leaseTo?: string },
): Promise<readonly Task[]> {
  const made = await ministry.createVouchers(group, Array<number>(count).fill(7));
  const { vouchers } = await ministry.activate(
    made.map(({ serialNumber }) => serialNumber),
    lease,
  );
  const tokens = new Map(vouchers.map(({ serialNumber, token }) => [serialNumber, token]));
  return made.map(({ serialNumber, number }) => ({
    what: "redeem",
    serial: serialNumber,
    number,
    token: tokens.get(serialNumber) ?? "",
  }));
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, place: randomInt(2 ** 30) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value);
}
