/** Tries of a callback, one by one: what is written down of each, and when the next one comes. */
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../test/support/database.ts";
import type { TestDatabase } from "../../test/support/database.ts";
import { createJobs } from "../jobs/boss.ts";
import type { Jobs } from "../jobs/boss.ts";
import type { CallbackRow, Store } from "../ports/store.ts";
import { createDatabaseClient } from "../postgres/pool.ts";
import type { DatabaseClient } from "../postgres/pool.ts";
import { createPostgresStore } from "../postgres/store.ts";
import { putInstitution } from "../postgres/registry-admin.ts";
import { deliverCallback } from "./deliver.ts";
import type { Send } from "./deliver.ts";
import { createSend } from "./send.node.ts";

const silent = pino({ level: "silent" });
const taken: Send = () => Promise.resolve(new Response(null, { status: 202 }));
const busy: Send = () => Promise.resolve(new Response(null, { status: 503 }));

let database: TestDatabase;
let client: DatabaseClient;
let jobs: Jobs;
let store: Store;
let subjects = 0n;

beforeAll(async () => {
  database = await createDatabase();
  client = createDatabaseClient(database.url, silent, { max: 4 });
  // Not started: jobs are enqueued, and the tests carry them out.
  jobs = await createJobs({ connectionString: database.url, log: silent });
  store = createPostgresStore({ pool: client.pool, jobs });
  const welfare = { id: "welfare", name: "welfare", callbackBaseUrl: null, boxPublicKey: null };
  await putInstitution(client.pool, welfare);
});

afterAll(async () => {
  await jobs.stop();
  await client.close();
  await database.drop();
});

test("a try that is answered 2xx delivers it, and no other follows", async () => {
  const id = await requested();
  await deliver(id, taken);
  expect(await find(id)).toMatchObject({ state: "delivered", tries: 1, lastStatus: 202, lastError: null });
  expect(await waitingSeconds(id)).toEqual([]);
  await deliver(id, () => Promise.reject(new Error("sent again")));
  expect(await find(id)).toMatchObject({ state: "delivered", tries: 1 });
});

test.each([
  [1, 2],
  [2, 4],
  [10, 1024],
  [13, 8192],
  [14, 10_800],
  [30, 10_800],
])("after %i tries in vain the next one comes in %i seconds", async (tries, seconds) => {
  const id = await requested();
  await client.pool.query(`update callbacks set tries = $2 - 1 where id = $1`, [id, tries]);
  await deliver(id, busy);
  expect(await find(id)).toMatchObject({ state: "waiting", tries, lastStatus: 503 });
  expect(await waitingSeconds(id)).toEqual([seconds]);
});

test("however often it is asked for again, one job waits for it, and is made to come at once", async () => {
  const id = await requested();
  for (let round = 0; round < 3; round += 1) {
    await deliver(id, busy);
    await deliver(id, busy);
    expect(await waitingSeconds(id)).toEqual([4]);
    await resend(id);
    expect(await waitingSeconds(id)).toEqual([0]);
  }
});

test.each([
  ["was taken", taken],
  ["was refused", busy],
])("asked for again while a try is under way, it is sent anew also when that try %s", async (_name, send) => {
  const id = await requested();
  // Three days are over: this try would be the last one.
  await client.pool.query(`update callbacks set requested_at = requested_at - interval '73 hours'`);
  await deliver(id, async (...request) => {
    await resend(id);
    return send(...request);
  });
  expect(await find(id)).toMatchObject({ state: "waiting", tries: 0, lastError: null });
  expect(await waitingSeconds(id)).toEqual([0]);
});

test("a second worker that fails with it does not undo that the first delivered it", async () => {
  const id = await requested();
  await deliver(id, async () => {
    await deliver(id, taken);
    return new Response(null, { status: 503 });
  });
  expect(await find(id)).toMatchObject({ state: "delivered", tries: 1, lastStatus: 202 });
});

test("a receiver whose name has two addresses, neither of which answers, is told by the error's code", async () => {
  const { server, port } = await listen(() => {});
  server.close();
  await once(server, "close");
  const id = await requested(`http://localhost:${port}/`);
  await deliver(id, createSend(true));
  expect((await find(id)).lastError).toContain("ECONNREFUSED");
});

test("an answer that never ends is not read: its status counts, and the connection is ended", async () => {
  const { server, port } = await listen((_request, response) => {
    response.writeHead(200);
    const more = () => void (response.destroyed || response.write("x".repeat(65_536), more));
    more();
  });
  const ended = new Promise((resolve) => server.on("connection", (socket) => socket.on("close", resolve)));
  const id = await requested(`http://127.0.0.1:${port}/`);
  await deliver(id, createSend(true));
  expect(await find(id)).toMatchObject({ state: "delivered", lastStatus: 200 });
  await ended;
  server.close();
});

function deliver(id: bigint, send: Send): Promise<void> {
  const compose = () => Promise.resolve({});
  const sign = () => Promise.resolve({});
  return deliverCallback({ store, send, sign, compose }, id);
}

function requested(url = "https://welfare.example/"): Promise<bigint> {
  subjects += 1n;
  const request = { institutionId: "welfare", kind: "command", subject: subjects, url } as const;
  return store.transaction((tx) => tx.callbacks.request({ ...request, correlationId: null }));
}

async function resend(id: bigint): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.callbacks.resend("welfare", id);
    await tx.jobs.enqueue({ queue: "callback", id: String(id) });
  });
}

async function find(id: bigint): Promise<CallbackRow> {
  const row = await store.transaction((tx) => tx.callbacks.find(id));
  if (!row) throw new Error(`no callback ${id}`);
  return row;
}

/** How many seconds after its last try, or after it was asked for, each job for the callback comes. */
async function waitingSeconds(id: bigint): Promise<number[]> {
  const { rows } = await client.pool.query<{ seconds: number }>(
    `select extract(epoch from start_after - coalesce(last_tried_at, requested_at))::float as seconds
     from pgboss.job join callbacks c on c.id::text = data ->> 'id'
     where name = 'callback' and job.state < 'active' and c.id = $1`,
    [id],
  );
  return rows.map(({ seconds }) => Math.abs(Math.round(seconds)));
}

async function listen(listener: RequestListener): Promise<{ server: Server; port: number }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}
