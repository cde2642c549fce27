/** The server killed with SIGKILL while a callback is under way: it is sent again, and the caller gets what it asked for. */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { operate, prepareInstallation, registerInstitution, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";

let database: TestDatabase;
let client: DatabaseClient;
let folder: string;
let installation: Installation;

beforeAll(async () => {
  database = await createDatabase();
  client = createDatabaseClient(database.url, pino({ level: "silent" }), { max: 2 });
  folder = await mkdtemp(join(tmpdir(), "paypost-callback-kill-"));
  installation = await prepareInstallation(folder, { DATABASE_URL: database.url });
});

afterAll(async () => {
  await installation.receiver.close();
  await client.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test("a callback whose server was killed before the answer came is sent again by the next one", async () => {
  const first = await startServer(installation);
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "1000.00", "USD", "--reference", "t-1");
  const ministry = await registerInstitution(installation, first.url, "welfare");
  const receiver = await startReceiver();
  const requestID = ministry.nextRequestId();
  const voucherInstructions = [{ instructionID: "1", groupCode: "FOO", currency: "USD", amount: 5 }];
  const body = { requestID, batchID: requestID, voucherInstructions };
  const firstTry = receiver.next();
  const accepted = await ministry.call("POST", "/vouchers", body, { "X-Callback-URL": receiver.url });
  expect(accepted.status).toBe(200);

  const cut = await firstTry;
  first.running.child.kill("SIGKILL");
  await first.running.finished;
  expect(await operate(installation, "callbacks")).toMatchObject([
    { kind: "batch", state: "waiting", tries: 0 },
  ]);

  // As if the ten seconds had passed in which a living worker beats.
  await client.pool.query(
    `update pgboss.job set heartbeat_on = heartbeat_on - interval '10 seconds' where name = 'callback'`,
  );
  const secondTry = receiver.next();
  const second = await startServer(installation);
  const sent = await secondTry;
  expect(JSON.parse(sent.body)).toEqual(JSON.parse(cut.body));
  expect(sent.body).toContain(requestID);
  sent.response.writeHead(202).end();
  await expect.poll(() => operate(installation, "callbacks"), { timeout: 30_000, interval: 500 }).toEqual([]);

  second.running.child.kill("SIGTERM");
  await second.running.finished;
  receiver.server.close();
});

interface Receiver {
  readonly server: Server;
  readonly url: string;
  /** The next callback, whole; it is not answered yet. */
  next(): Promise<{ readonly body: string; readonly response: ServerResponse }>;
}

async function startReceiver(): Promise<Receiver> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async next() {
      const [request, response] = (await once(server, "request")) as [IncomingMessage, ServerResponse];
      return { body: await text(request), response };
    },
  };
}
