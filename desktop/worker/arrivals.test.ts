/** Leases that come among many: stored at once, good at once, and looked at afterwards. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { toBase64 } from "#sync/base64.ts";
import { trustedTime } from "#sync/clock.ts";
import { createSessions } from "#sync/session.ts";
import { fetchShape } from "#sync/shapes/fetch.ts";
import type { ShapeParts } from "#sync/shapes/fetch.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { createAuthority, testVoucher } from "../../test/support/authority.ts";
import { startStandIn } from "../../test/support/stand-in-server.ts";
import type { StandInServer } from "../../test/support/stand-in-server.ts";
import { createTill, shortSleep } from "../../test/support/till.ts";
import type { Till } from "../../test/support/till.ts";
import { createArrivalChecks } from "./arrival-checks.ts";
import { VaultLockedError } from "./vault.ts";

/** More than are checked as they come. */
const many = Array.from({ length: 120 }, (_, index) => BigInt(index + 1));
const [good, forged, twice] = [7n, 8n, 9n];
const stranger = createAuthority(5);

async function benchWith(serials = many): Promise<{ server: StandInServer; till: Till }> {
  const server = await startStandIn();
  onTestFinished(() => server.close());
  const { url, authority, nodeId } = server;
  const till = createTill({ serverUrl: url, authority, nodeId });
  server.enrol(till.key.publicKey);
  for (const serial of serials) server.grant(testVoucher(serial));
  return { server, till };
}

function fetchLeases(till: Till, server: StandInServer) {
  const link = { baseUrl: server.url, fetch };
  const { nodeId, stores } = till;
  const assertions = createSyncSigner("session-assertion", till.key.seed);
  const parts: ShapeParts = {
    storage: till.shapes,
    context: () => ({ nodeId, keySet: stores.trust.keySet() }),
    link,
    sessions: createSessions({ link, nodeId, assertions, contact: stores.node }),
    time: () => trustedTime(stores.node.anchor(), till.clock, 0),
    patience: { sleep: shortSleep, randomBytes: (length) => new Uint8Array(length), attempts: 1 },
  };
  return fetchShape(parts, "leases");
}

/** Puts a row as the authority has signed it, by itself a stranger. */
function put(
  server: StandInServer,
  serial: bigint,
  { authority = stranger, n = 1, recalledAt = null as string | null, told = serial.toString() } = {},
): void {
  const lease = { serial, nodeId: server.nodeId, epoch: { generation: 1, n }, notAfterMs: 4e12 };
  server.shapes.leases.put(`"leases"/"${serial}"`, {
    node_id: server.nodeId,
    serial: told,
    epoch_generation: "1",
    epoch_n: String(n),
    not_after: new Date(4e12).toISOString(),
    recalled_at: recalledAt,
    lease: toBase64(authority.lease(lease)),
    token: authority.token(testVoucher(serial)),
  });
  server.signal("leases");
}

/** The database as it lies on the disk, read as bytes. */
function onDisk(directory: string): string {
  return readdirSync(directory)
    .filter((name) => name.includes(".db"))
    .map((name) => readFileSync(join(directory, name), "latin1"))
    .join("");
}

const leases = ({ stores }: Till) => stores.leases.open(0, 1000);
const arrivalsOf = ({ stores }: Till) => stores.database.prepare("select arrival from lease_arrivals").all();
const redeem = (till: Till, serial: bigint) =>
  till.node().redeem({ serial, number: testVoucher(serial).number, actor: "Ann", offline: true });

describe("leases that come among many", () => {
  test("can be redeemed before they were looked at, and are known whole afterwards", async () => {
    const { server, till } = await benchWith();
    expect(await fetchLeases(till, server)).toEqual({ kind: "up-to-date" });
    expect(leases(till).map(({ serial }) => serial)).toEqual(many);
    expect(leases(till).every(({ amountMinor }) => amountMinor === null)).toBe(true);
    expect(onDisk(till.directory)).not.toContain("PV1:");
    expect(await redeem(till, good)).toMatchObject({ kind: "accepted" });
    const sequence = till.stores.queue.head().sequence;
    expect(till.stores.leases.documentFor(sequence, 2)).toBeDefined();

    await till.node().checkArrived();
    expect(arrivalsOf(till)).toEqual([]);
    const rest = leases(till);
    expect(rest).toHaveLength(many.length - 1);
    expect(rest.every(({ amountMinor, currency }) => amountMinor === 1250n && currency === "USD")).toBe(true);
    expect(till.stores.leases.documentFor(sequence, 2)).toBeDefined();
    expect(await redeem(till, twice)).toMatchObject({ kind: "accepted" });
  });

  test("are refused where they are forged, before they were looked at, and set aside then", async () => {
    const { server, till } = await benchWith();
    put(server, forged);
    await fetchLeases(till, server);
    expect(await redeem(till, forged)).toMatchObject({ kind: "refused" });
    expect(till.stores.leases.countAside()).toBe(0);
    await till.node().checkArrived();
    expect(leases(till).map(({ serial }) => serial)).toEqual(many.filter((serial) => serial !== forged));
    expect(till.stores.leases.aside(10)).toMatchObject([{ problem: "lease:unknown-key" }]);
    server.grant(testVoucher(forged));
    await fetchLeases(till, server);
    expect(till.stores.leases.countAside()).toBe(0);
    expect(await redeem(till, forged)).toMatchObject({ kind: "accepted" });
  });

  test("are stored although one beside them has a serial that no database holds", async () => {
    const { server, till } = await benchWith();
    put(server, 999n, { told: "9999999999999999999" });
    expect(await fetchLeases(till, server)).toEqual({ kind: "up-to-date" });
    expect(leases(till).map(({ serial }) => serial)).toEqual(many);
    expect(till.stores.leases.countAside()).toBe(1);
  });

  test("take no place before they were checked where a lease is known", async () => {
    const { server, till } = await benchWith([good]);
    await fetchLeases(till, server);
    put(server, good, { n: 2 });
    for (const serial of many) if (serial !== good) server.grant(testVoucher(serial));
    await fetchLeases(till, server);
    expect(till.stores.leases.aside(10)).toMatchObject([{ problem: "lease:unknown-key" }]);
    expect(await redeem(till, good)).toMatchObject({ kind: "accepted" });
  });

  test("take no place of one that came with them", async () => {
    const { server, till } = await benchWith([]);
    await fetchLeases(till, server);
    for (const serial of many) server.grant(testVoucher(serial));
    server.withdraw(twice);
    put(server, twice, { n: 2 });
    server.withdraw(good);
    server.grant(testVoucher(good), { n: 2 });
    await fetchLeases(till, server);
    expect(till.stores.leases.find(good)).toMatchObject({ epoch: { n: 2 }, withdrawnMs: null });
    expect(till.stores.leases.find(twice)).toMatchObject({ epoch: { n: 1 } });
    expect(till.stores.leases.countAside()).toBe(1);
  });

  test("are kept when their shape is loaded anew without them, and still looked at", async () => {
    const { server, till } = await benchWith();
    await fetchLeases(till, server);
    server.withdraw(good);
    server.shapes.leases.rotate();
    await fetchLeases(till, server);
    expect(leases(till).map(({ serial }) => serial)).toEqual(many);
    expect(till.stores.leases.find(good)?.token).not.toBe("");
    await till.node().checkArrived();
    expect(arrivalsOf(till)).toEqual([]);
    expect(till.stores.leases.find(good)).toMatchObject({ amountMinor: 1250n });
    expect(till.stores.leases.find(good)?.withdrawnMs).not.toBeNull();
  });

  test("are not given back by themselves before they were looked at", async () => {
    const { server, till } = await benchWith();
    put(server, good, { authority: server.authority, recalledAt: "2026-11-24 12:00:00+00" });
    await fetchLeases(till, server);
    expect([till.stores.leases.recalled(10), till.stores.leases.countRecalled()]).toEqual([[], 0]);
    await till.node().checkArrived();
    expect([till.stores.leases.recalled(10), till.stores.leases.countRecalled()]).toEqual([[good], 1]);
  });

  test("are looked at by whoever opens the till next", async () => {
    const { server, till } = await benchWith();
    await fetchLeases(till, server);
    const failed: unknown[] = [];
    const checks = createArrivalChecks({
      check: (signal) => till.node().checkArrived(signal),
      onChecked: () => {},
      onFailure: (error) => failed.push(error),
    });
    checks.begin();
    await checks.end();
    expect(failed).toEqual([]);
    const left = arrivalsOf(till).length;
    expect(left).toBeGreaterThan(0);
    const again = till.reopen();
    expect(arrivalsOf(again)).toHaveLength(left);
    await again.node().checkArrived();
    expect(arrivalsOf(again)).toEqual([]);
    expect(leases(again).every(({ amountMinor }) => amountMinor !== null)).toBe(true);
  });

  test("are not read while the till is locked, and refused where the disk was changed", async () => {
    const { server, till } = await benchWith();
    await fetchLeases(till, server);
    const { database, vault, leases: stored } = till.stores;
    vault.lock();
    expect(() => stored.find(good)).toThrow(VaultLockedError);
    vault.unlock(till.key.seed);
    database.exec(
      "update lease_arrivals set sealed = cast(substr(sealed, 2) || x'00' as blob) where arrival = 1",
    );
    expect(await redeem(till, good)).toMatchObject({ kind: "refused" });
    await till.node().checkArrived();
    expect(arrivalsOf(till)).toEqual([]);
    expect(await redeem(till, good)).toMatchObject({ kind: "refused" });
    expect(await redeem(till, 120n)).toMatchObject({ kind: "accepted" });
  });
});
