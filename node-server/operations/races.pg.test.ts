/**
 * What two nodes and the time can do to one lease at the same moment, on real PostgreSQL: the first is held open, with its
 * locks, until the second waits for it, in both orders of every pair.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeEnvelope, decodeOperation } from "#sync/documents/operation.ts";
import { parseDocument } from "#sync/signing/cose.ts";
import type { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import { barrierStore, untilSomebodyWaits } from "../../test/support/barrier.ts";
import { testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { ageLeases } from "../../test/support/lease-time.ts";
import type { TestServer } from "../../test/support/server.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import { trialBalance } from "../postgres/registry-admin.ts";
import type { Store } from "../ports/store.ts";
import { settleAll } from "./receive.ts";
import { closeOverdueLeases } from "./release.ts";
import type { ReceivedOperation } from "./settle.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServerWithShop();
});

afterAll(async () => {
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

type Act = "the holder redeems" | "the holder releases" | "the time is up" | "another claims";
type Verdicts = Partial<Record<Act, string>>;

/** Who wins, whoever was first: a redemption under the lease, and else whoever claims what the closing lease sets free. */
const pairs: readonly (readonly [Act, Act, Verdicts])[] = [
  ["the holder redeems", "the time is up", { "the holder redeems": "applied" }],
  ["the time is up", "the holder redeems", { "the holder redeems": "applied" }],
  [
    "the holder redeems",
    "another claims",
    { "the holder redeems": "applied", "another claims": "rejected already-consumed" },
  ],
  [
    "another claims",
    "the holder redeems",
    { "the holder redeems": "applied", "another claims": "rejected already-consumed" },
  ],
  [
    "the holder releases",
    "another claims",
    { "the holder releases": "applied", "another claims": "applied" },
  ],
  [
    "another claims",
    "the holder releases",
    { "the holder releases": "applied", "another claims": "applied" },
  ],
  ["the time is up", "another claims", { "another claims": "applied" }],
  ["another claims", "the time is up", { "another claims": "applied" }],
  ["the holder releases", "the time is up", { "the holder releases": "applied" }],
  ["the time is up", "the holder releases", { "the holder releases": "rejected not-leased" }],
];

test.each(pairs)("4.5, both orders of every pair: %s, then %s", async (first, second, expected) => {
  const [holder, other] = [await enrolAtShop(server), await enrolAtShop(server)];
  const [voucher] = await server.institution.createVouchers("FOO", [7]);
  if (!voucher) throw new Error("no voucher was made");
  const leaseUntil = new Date(Date.now() + 3_600_000).toISOString();
  await server.institution.activate([voucher.serialNumber], { leaseTo: holder.identity.nodeId, leaseUntil });
  // For whoever asks without the grace of a day its time is up, and not for the server itself.
  await ageLeases(server.client.pool, [BigInt(voucher.serialNumber)], 1);
  const acts = actsOn(voucher, holder, other);
  const store = testStore(server.client.pool);
  const barrier = barrierStore(store);
  const leading = acts[first](barrier);
  await barrier.reached;
  const following = acts[second](store);
  await untilSomebodyWaits(server.client.pool);
  barrier.open();
  await Promise.all([leading, following]);
  expect(await verdicts(holder, other)).toEqual(expected);
  const { rows } = await server.client.pool.query<{ claims: bigint; leases: bigint }>(
    `select (select count(*) from claims where voucher_serial = $1 and state <> 'released') as claims,
       (select count(*) from leases where voucher_serial = $1 and closed_at is null) as leases`,
    [BigInt(voucher.serialNumber)],
  );
  const isTaken = expected["the holder redeems"] === "applied" || expected["another claims"] === "applied";
  expect(rows).toEqual([{ claims: isTaken ? 1n : 0n, leases: 0n }]);
});

function actsOn(
  voucher: IssuedVoucher,
  holder: BareNode,
  other: BareNode,
): Record<Act, (store: Store) => Promise<unknown>> {
  const { context } = server;
  const settle = (store: Store, node: BareNode, operation: SignedOperation) =>
    settleAll({ store, context }, node.identity.nodeId, [received(operation)], {
      verdicts: new Map(),
      leases: [],
    });
  const online = { mode: "online", epoch: null, lastServerTimeMs: Date.now() + 3_600_000 } as const;
  return {
    "the holder redeems": (store) => settle(store, holder, holder.redeem(voucher)),
    "the holder releases": (store) => settle(store, holder, holder.release(voucher.serialNumber)),
    "the time is up": (store) => closeOverdueLeases(context, store, 0),
    "another claims": (store) => settle(store, other, other.redeem(voucher, online)),
  };
}

function received({ signed, sealed, hash }: SignedOperation): ReceivedOperation {
  const parsed = parseDocument(signed);
  if (!parsed.ok) throw new Error("it was just signed");
  const [envelope, operation] = [decodeEnvelope(parsed.payload), decodeOperation(parsed.payload)];
  if (!envelope.ok || !operation.ok) throw new Error("it was just signed");
  return { envelope: envelope.value, operation: operation.value, hash, signed, sealed };
}

async function verdicts(holder: BareNode, other: BareNode): Promise<Verdicts> {
  const { rows } = await server.client.pool.query<{ nodeId: string; type: string; verdict: string }>(
    `select node_id as "nodeId", type, concat_ws(' ', state, reason) as verdict from operations where node_id = any($1)`,
    [[holder.identity.nodeId, other.identity.nodeId]],
  );
  const actOf = ({ nodeId, type }: { nodeId: string; type: string }): Act => {
    if (nodeId === other.identity.nodeId) return "another claims";
    return type === "release-lease" ? "the holder releases" : "the holder redeems";
  };
  return Object.fromEntries(rows.map((row) => [actOf(row), row.verdict]));
}
