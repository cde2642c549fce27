import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../test/support/database.ts";
import type { TestDatabase } from "../../test/support/database.ts";
import { idleHandlers } from "../../test/support/idle-handlers.ts";
import type { Job } from "../ports/store.ts";
import { createJobs } from "./boss.ts";
import type { JobHandlers, Jobs } from "./boss.ts";
import type { PeriodicTask } from "./periodic.ts";

let database: TestDatabase;
let client: Client;
const running: Jobs[] = [];
const warnings: object[] = [];

beforeAll(async () => {
  database = await createDatabase({ migrate: false });
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((jobs) => jobs.stop()));
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test("a job runs when its transaction has committed, and a rolled back one leaves none", async () => {
  const ran = eventsOf<string>();
  const jobs = await started({ payout: ran.happen });
  await client.query("begin");
  await enqueue(jobs, { queue: "payout", id: "lost" });
  await client.query("rollback");
  await committed(jobs, { queue: "payout", id: "kept" });
  await expect(ran.next()).resolves.toBe("kept");
  expect(await rowsOf("payout", "lost")).toEqual([]);
});

test("servers that start at the same moment on an empty database share its queues", async () => {
  const empty = await createDatabase({ migrate: false });
  const options = { connectionString: empty.url, log: { warn: () => {}, error: () => {} } };
  const servers = await Promise.all([createJobs(options), createJobs(options), createJobs(options)]);
  await Promise.all(servers.map((jobs) => jobs.stop()));
  await empty.drop();
  expect(servers).toHaveLength(3);
});

test("a job waits for its time, and enqueuing it again sets the time anew", async () => {
  const jobs = await started({});
  const job = { queue: "payout", id: "timed" } as const;
  const secondsAhead = async () => {
    const { rows } = await client.query<{ ahead: number }>(
      `select extract(epoch from start_after - now())::float as ahead from pgboss.job where data ->> 'id' = $1`,
      [job.id],
    );
    return rows.map(({ ahead }) => Math.round(ahead / 100));
  };
  await committed(jobs, job, 1000);
  expect(await secondsAhead()).toEqual([10]);
  await committed(jobs, job, 500);
  expect(await secondsAhead()).toEqual([5]);
});

test("a job enqueued again is not taken before that commit, so that its handler sees the change", async () => {
  const jobs = await created();
  const job = { queue: "payout", id: "seen" } as const;
  await committed(jobs, job, 1000);
  const other = new Client({ connectionString: database.url });
  await other.connect();
  await client.query("begin");
  await enqueue(jobs, job);
  const takeable = `select id from pgboss.job where data ->> 'id' = 'seen' for update skip locked`;
  expect((await other.query(takeable)).rowCount).toBe(0);
  await client.query("commit");
  expect((await other.query(takeable)).rowCount).toBe(1);
  await other.end();
});

test("a handler that enqueues its own job runs again", async () => {
  const ran = eventsOf<string>();
  let times = 0;
  const jobs: Jobs = await started({
    "run-command": async (id) => {
      times += 1;
      if (times === 1) await committed(jobs, { queue: "run-command", id });
      await ran.happen(id);
    },
  });
  await committed(jobs, { queue: "run-command", id: "again" });
  await ran.next();
  await expect(ran.next()).resolves.toBe("again");
});

test("jobs that wait are taken one after the other by all workers of their queue, however seldom an idle one looks", async () => {
  const ran = eventsOf<string>();
  const first = Promise.withResolvers<void>();
  const jobs = await started({
    "run-command": async (id) => {
      // As many as there are workers run at once.
      if (id === "waiting-0") await first.promise;
      else first.resolve();
      await ran.happen(id);
    },
  });
  // So many that workers who only looked now and then would need longer than a test may take.
  const ids = Array.from({ length: 200 }, (_, index) => `waiting-${index}`);
  await client.query("begin");
  for (const id of ids) await enqueue(jobs, { queue: "run-command", id });
  await client.query("commit");
  jobs.wake(["run-command"]);
  const done: (string | undefined)[] = [];
  while (done.length < ids.length) done.push(await ran.next());
  expect(new Set(done)).toEqual(new Set(ids));
});

test("a job that another process has enqueued is taken by a worker that nobody woke", async () => {
  const ran = eventsOf<string>();
  await started({ payout: ran.happen });
  const other = await created();
  await committed(other, { queue: "payout", id: "from-elsewhere" });
  await expect(ran.next()).resolves.toBe("from-elsewhere");
});

test("a handler that throws is tried again; what it threw is in the log and not in the job's row", async () => {
  const ran = eventsOf<string>();
  let failures = 0;
  const jobs = await started({
    payout: async (id) => {
      failures += 1;
      if (failures === 1) throw new Error("number 1234567890123452");
      await ran.happen(id);
    },
  });
  await committed(jobs, { queue: "payout", id: "stubborn" });
  await ran.next();
  expect(warnings).toContainEqual(expect.objectContaining({ queue: "payout", id: "stubborn", tries: 1 }));
  expect(JSON.stringify(await rowsOf("payout", "stubborn"))).not.toContain("1234567890123452");
});

test("the job of a process that was killed is run by another", async () => {
  const jobs = await created();
  await committed(jobs, { queue: "payout", id: "orphan" });
  const script = fileURLToPath(new URL("../../test/support/hanging-worker.ts", import.meta.url));
  const worker = spawn(process.execPath, [script, database.url], { stdio: ["ignore", "pipe", "inherit"] });
  const [told] = (await once(worker.stdout, "data")) as [Buffer];
  expect(told.toString()).toBe("orphan\n");
  worker.kill("SIGKILL");
  await once(worker, "exit");
  // As if the ten seconds had passed in which a living worker beats.
  await client.query(
    `update pgboss.job set heartbeat_on = heartbeat_on - interval '10 seconds' where name = 'payout'`,
  );
  const ran = eventsOf<string>();
  await jobs.start({ ...idleHandlers, payout: ran.happen });
  await expect(ran.next()).resolves.toBe("orphan");
});

test("stopping waits for the handler that runs, and its job is done", async () => {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const jobs = await started({
    "issue-batch": () => {
      begun.resolve();
      return goOn.promise;
    },
  });
  await committed(jobs, { queue: "issue-batch", id: "last" });
  await begun.promise;
  const stopped = jobs.stop();
  goOn.resolve();
  await stopped;
  expect(await rowsOf("issue-batch", "last")).toMatchObject([{ state: "completed" }]);
});

test("a periodic task runs again and again, also after a failure", async () => {
  const ran = eventsOf<number>();
  let runs = 0;
  const run = async () => {
    runs += 1;
    await ran.happen(runs);
    if (runs === 1) throw new Error("the first run fails");
  };
  await started({}, [{ name: "again", everySeconds: 1, run }]);
  expect([await ran.next(), await ran.next(), await ran.next()]).toEqual([1, 2, 3]);
});

test("while a periodic task runs in one process, another process adds no run of it", async () => {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const run = () => {
    begun.resolve();
    return goOn.promise;
  };
  const task: PeriodicTask = { name: "alone", everySeconds: 1, run };
  await started({}, [task]);
  await begun.promise;
  const period = async () =>
    (await client.query<{ n: string }>("select floor(extract(epoch from now())) as n")).rows;
  const first = await period();
  await expect.poll(period, polling).not.toEqual(first);
  await started({}, [task]);
  const { rows } = await client.query(
    `select state from pgboss.job where name = 'periodic.alone' and state <= 'active'`,
  );
  expect(rows).toEqual([{ state: "active" }]);
  goOn.resolve();
});

const polling = { timeout: 20_000, interval: 50 };

async function created(): Promise<Jobs> {
  const log = {
    warn: (details: object) => void warnings.push(details),
    error: (details: object) => void warnings.push(details),
  };
  const jobs = await createJobs({ connectionString: database.url, log });
  running.push(jobs);
  return jobs;
}

async function started(some: Partial<JobHandlers>, periodic: readonly PeriodicTask[] = []): Promise<Jobs> {
  const jobs = await created();
  await jobs.start({ ...idleHandlers, ...some }, periodic);
  return jobs;
}

function enqueue(jobs: Jobs, job: Job, afterSeconds = 0): Promise<void> {
  return jobs.enqueue({ executeSql: (text, values) => client.query(text, values) }, job, afterSeconds);
}

async function committed(jobs: Jobs, job: Job, afterSeconds = 0): Promise<void> {
  await client.query("begin");
  await enqueue(jobs, job, afterSeconds);
  await client.query("commit");
  jobs.wake([job.queue]);
}

async function rowsOf(queue: string, id: string): Promise<object[]> {
  const { rows } = await client.query<object>(
    `select state, output from pgboss.job where name = $1 and data ->> 'id' = $2`,
    [queue, id],
  );
  return rows;
}

/** Things that happen, to be awaited one after the other. */
function eventsOf<T>() {
  const happened: T[] = [];
  let notice = Promise.withResolvers<void>();
  const happen = (what: T): Promise<void> => {
    happened.push(what);
    notice.resolve();
    return Promise.resolve();
  };
  const next = async (): Promise<T | undefined> => {
    if (happened.length === 0) await notice.promise;
    if (happened.length <= 1) notice = Promise.withResolvers<void>();
    return happened.shift();
  };
  return { happen, next };
}
