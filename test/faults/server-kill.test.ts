/** The server killed with SIGKILL while it settles an upload: what it had decided stands, the rest is decided once. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabaseClient } from "../../node-server/postgres/pool.ts";
import type { DatabaseClient } from "../../node-server/postgres/pool.ts";
import { BareNode } from "../support/bare-node.ts";
import type { SignedOperation } from "../support/bare-node.ts";
import { createDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { operate, prepareInstallation, registerInstitution, startServer } from "../support/installation.ts";
import type { Installation } from "../support/installation.ts";
import type { Running } from "../support/processes.ts";

const batch = 12;

let database: TestDatabase;
let client: DatabaseClient;
let folder: string;
let installation: Installation;
let server: Running;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  client = createDatabaseClient(database.url, pino({ level: "silent" }), { max: 2 });
  folder = await mkdtemp(join(tmpdir(), "paypost-server-kill-"));
  installation = await prepareInstallation(folder, { DATABASE_URL: database.url });
  ({ running: server, url } = await startServer(installation));
  await operate(installation, "group", "add", "FOO", "Food aid");
  await operate(installation, "group", "fund", "FOO", "1000.00", "USD", "--reference", "t-1");
  await operate(installation, "merchant", "add", "shop-1", "Corner shop", "--accepts", "FOO");
});

afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.finished;
  await installation.receiver.close();
  await client.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

describe("the server is killed between receiving operations and answering", () => {
  test.each([1, batch / 2, batch])(
    "after %i of 12 were stored: each gets one verdict, each voucher is paid once",
    async (stored) => {
      const { node, operations } = await nodeWithOperations();
      const lost = node.upload(operations).then(
        () => "answered",
        () => "no answer",
      );
      await untilStored(node, stored);
      server.child.kill("SIGKILL");
      const killed = await server.finished;
      expect(killed.signal).toBe("SIGKILL");
      await lost;

      ({ running: server, url } = await startServer(installation));
      const again = new BareNode(url, node.seed, node.identity);
      again.resumeAfter(node);
      const { verdicts } = await again.upload(operations);
      expect(verdicts?.verdicts.map(({ status }) => status)).toEqual(Array(batch).fill("applied"));
      expect(verdicts?.lastSequence).toBe(batch);
      // What was stored before the kill is told as a duplicate, the rest is decided now.
      expect(verdicts?.verdicts.filter(({ duplicate }) => duplicate).length).toBeGreaterThanOrEqual(stored);

      const third = await again.upload(operations);
      const ids = (list: typeof verdicts) => list?.verdicts.map(({ transactionId }) => transactionId);
      expect(ids(third.verdicts)).toEqual(ids(verdicts));
      expect(await paidClaims(node)).toBe(BigInt(batch));
      const books = (await operate(installation, "books")) as { balanced: boolean };
      expect(books.balanced).toBe(true);
    },
  );
});

async function nodeWithOperations(): Promise<{ node: BareNode; operations: SignedOperation[] }> {
  const issued = await operate(installation, "node", "code", "shop-1", "till");
  const node = await BareNode.enrol(url, (issued as { code: string }).code);
  const ministry = await registerInstitution(installation, url, "welfare");
  const vouchers = await ministry.createVouchers("FOO", Array<number>(batch).fill(7));
  const { failedCases } = await ministry.activate(
    vouchers.map(({ serialNumber }) => serialNumber),
    { leaseTo: node.identity.nodeId },
  );
  expect(failedCases).toEqual([]);
  return { node, operations: vouchers.map((voucher) => node.redeem(voucher)) };
}

async function untilStored(node: BareNode, wanted: number): Promise<void> {
  for (;;) {
    const { rows } = await client.pool.query<{ count: bigint }>(
      `select count(*) from operations where node_id = $1`,
      [node.identity.nodeId],
    );
    if ((rows[0]?.count ?? 0n) >= BigInt(wanted)) return;
  }
}

async function paidClaims(node: BareNode): Promise<bigint> {
  const { rows } = await client.pool.query<{ count: bigint }>(
    `select count(*) from operations o join claims c on c.id = o.claim_id
     join vouchers v on v.serial = c.voucher_serial
     where o.node_id = $1 and c.state = 'paid' and v.state = 'consumed' and v.reserved_minor = 0`,
    [node.identity.nodeId],
  );
  return rows[0]?.count ?? -1n;
}
