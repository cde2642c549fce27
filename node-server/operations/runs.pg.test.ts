/** Redemptions that are settled side by side get what they would get one after the other. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Verdict } from "#sync/documents/verdict-list.ts";
import type { BareNode, SignedOperation } from "../../test/support/bare-node.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import type { TestServer } from "../../test/support/server.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import { findBookErrors } from "../postgres/books-check.ts";

let server: TestServer;
let till: BareNode;
let twin: BareNode;

beforeAll(async () => {
  server = await startServerWithShop();
  [till, twin] = [await enrolAtShop(server), await enrolAtShop(server)];
});

afterAll(() => server.close());

test("a batch of a hundred is stored, decided and paid in as many transactions as there are phases", async () => {
  const node = await enrolAtShop(server);
  const operations = (await leased(node, 100)).map((voucher) => node.redeem(voucher));
  const { verdicts } = await node.upload(operations);
  expect(verdicts?.verdicts.map(({ status }) => status)).toEqual(operations.map(() => "applied"));
  const written = (query: string) =>
    server.client.pool.query<{ transactions: bigint; count: bigint }>(query, [node.identity.nodeId]);
  const operationRows = await written(
    "select count(distinct xmin::text) as transactions, count(*) from operations where node_id = $1",
  );
  expect(operationRows.rows).toEqual([{ transactions: 1n, count: 100n }]);
  const claims = await written(
    `select count(distinct claims.xmin::text) as transactions, count(*) from claims
     join operations on claim_id = claims.id where node_id = $1 and claims.state = 'paid'`,
  );
  expect(claims.rows).toEqual([{ transactions: 1n, count: 100n }]);
});

const kinds = ["good", "wrong-amount", "wrong-number", "never-leased", "twice", "unknown", "online"] as const;

test("of whatever operations, in whatever order, each gets the verdict that it gets alone", async () => {
  const count = 40;
  const [ours, twins] = [await leased(till, count), await leased(twin, count)];
  // Every kind beside every other, and the same for both.
  const kindOf = (index: number) => kinds[(index * 3 + (index >> 3)) % kinds.length] ?? "good";
  const together = await till.upload(operationsOf(till, ours, kindOf));
  const alone: Verdict[] = [];
  for (const operation of operationsOf(twin, twins, kindOf)) {
    const { verdicts } = await twin.upload([operation]);
    alone.push(...(verdicts?.verdicts ?? []));
  }
  const told = (verdicts: readonly Verdict[]) =>
    verdicts.map(({ sequence, status, reason, duplicate }) => ({ sequence, status, reason, duplicate }));
  expect(told(together.verdicts?.verdicts ?? [])).toEqual(told(alone));
  expect(new Set(alone.map(({ reason }) => reason)).size).toBeGreaterThan(5);
  expect(await tracesOf(till)).toEqual(await tracesOf(twin));
  expect(await findBookErrors(server.client.pool)).toEqual([]);
});

function operationsOf(
  node: BareNode,
  vouchers: readonly IssuedVoucher[],
  kindOf: (index: number) => (typeof kinds)[number],
): SignedOperation[] {
  return vouchers.flatMap((voucher, index) => {
    switch (kindOf(index)) {
      case "good":
        return node.redeem(voucher);
      case "wrong-amount":
        return node.redeem(voucher, { amountMinor: 701n });
      case "wrong-number":
        return node.redeem({ ...voucher, number: "1234567890123452" });
      case "never-leased":
        return node.redeem(voucher, { epoch: { generation: 1, n: 9 } });
      case "twice":
        return [node.redeem(voucher), node.redeem(voucher)];
      case "unknown":
        return node.redeem({ ...voucher, serialNumber: "0009999999" });
      case "online":
        return node.redeem(voucher, { mode: "online", epoch: null });
    }
  });
}

/** How many entries of each kind an operation of the node has left in the books and in the audit trail. */
async function tracesOf(node: BareNode): Promise<unknown> {
  const { rows } = await server.client.pool.query(
    `select kind, count(*) from (
       select entry.kind from operations o join claims c on c.id = o.claim_id
         join journal_entries entry on entry.idempotency_key like '%' || c.id::text || '%' where o.node_id = $1::uuid
       union all select action from audit_entries where actor = 'node:' || $1::text
       union all select 'payout job' from operations o join pgboss.job j on j.singleton_key = o.claim_id::text
         where o.node_id = $1::uuid
     ) as traces group by kind order by kind`,
    [node.identity.nodeId],
  );
  return rows;
}

async function leased(node: BareNode, count: number): Promise<IssuedVoucher[]> {
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(count).fill(7));
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  await server.institution.activate(serials, { leaseTo: node.identity.nodeId });
  return vouchers;
}
