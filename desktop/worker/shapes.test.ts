import { trustedTime } from "#sync/clock.ts";
import { once, EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { toBase64 } from "#sync/base64.ts";
import type { Lease } from "#sync/documents/lease.ts";
import type { ShapeStorage } from "#sync/ports/shape-storage.ts";
import { createSessions } from "#sync/session.ts";
import { fetchShape } from "#sync/shapes/fetch.ts";
import type { ShapeParts } from "#sync/shapes/fetch.ts";
import { readShape } from "#sync/shapes/stream.ts";
import type { StreamEnd } from "#sync/shapes/stream.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { createAuthority, testVoucher } from "../../test/support/authority.ts";
import { startStandIn } from "../../test/support/stand-in-server.ts";
import type { StandInServer } from "../../test/support/stand-in-server.ts";
import { createTill, shortSleep } from "../../test/support/till.ts";
import type { Till } from "../../test/support/till.ts";

async function standIn(chunk = 1000): Promise<StandInServer> {
  const server = await startStandIn({ chunk });
  onTestFinished(() => server.close());
  return server;
}

async function tillOf(server: StandInServer): Promise<Till> {
  const { url, authority, nodeId } = server;
  const till = createTill({ serverUrl: url, authority, nodeId });
  server.enrol(till.key.publicKey);
  return till;
}

function partsOf(till: Till, server: StandInServer, storage: ShapeStorage = till.shapes): ShapeParts {
  const link = { baseUrl: server.url, fetch };
  const assertions = createSyncSigner("session-assertion", till.key.seed);
  const { nodeId, stores } = till;
  return {
    storage,
    context: () => ({ nodeId, keySet: stores.trust.keySet() }),
    link,
    sessions: createSessions({ link, nodeId, assertions, contact: stores.node }),
    time: () => trustedTime(stores.node.anchor(), till.clock, 0),
    patience: {
      sleep: shortSleep,
      randomBytes: (length) => new Uint8Array(length),
      attempts: 1,
    },
  };
}

function leasedSerials(till: Till): number[] {
  return till.stores.leases.open(0, 1000).map(({ serial }) => Number(serial));
}

function grantAll(server: StandInServer, ...serials: number[]): void {
  for (const serial of serials) server.grant(testVoucher(BigInt(serial)));
}

describe("a shape that is read", () => {
  test("gives the node its leases, and is continued from the stored offset after a restart", async () => {
    const server = await standIn(2);
    const till = await tillOf(server);
    grantAll(server, 1, 2, 3, 4, 5);
    expect(await fetchShape(partsOf(till, server), "leases")).toEqual({ kind: "up-to-date" });
    expect(leasedSerials(till)).toEqual([1, 2, 3, 4, 5]);
    const again = till.reopen();
    const asked = urlsOf(server);
    grantAll(server, 6);
    await fetchShape(partsOf(again, server), "leases");
    expect(leasedSerials(again)).toEqual([1, 2, 3, 4, 5, 6]);
    const offsets = asked.map((url) => url.searchParams.get("offset"));
    expect(offsets).not.toContain("-1");
  });

  test("keeps a lease whose row disappears, and marks it as withdrawn", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    grantAll(server, 1, 2);
    await fetchShape(partsOf(till, server), "leases");
    server.withdraw(1n);
    await fetchShape(partsOf(till, server), "leases");
    expect(leasedSerials(till)).toEqual([1, 2]);
    expect(till.stores.leases.find(1n)?.withdrawnMs).not.toBeNull();
    grantAll(server, 1);
    await fetchShape(partsOf(till, server), "leases");
    expect(till.stores.leases.find(1n)?.withdrawnMs).toBeNull();
  });

  test("opens one new session when the old one has run out, and goes on", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    const parts = partsOf(till, server);
    grantAll(server, 1);
    await fetchShape(parts, "leases");
    server.expireSessions();
    grantAll(server, 2);
    expect(await fetchShape(parts, "leases")).toEqual({ kind: "up-to-date" });
    expect(server.requests.filter((request) => request === "POST /v1/sessions")).toHaveLength(2);
  });

  test("whose server refuses the stored offset is loaded anew, with the old leases in place meanwhile", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    grantAll(server, 1);
    const parts = partsOf(till, server);
    await fetchShape(parts, "leases");
    let refused = false;
    server.intercept = (request, response) => {
      if (refused || !request.url?.includes("handle=")) return false;
      refused = true;
      response.writeHead(400, { "content-type": "application/json" }).end('{"message":"Invalid request"}');
      return true;
    };
    grantAll(server, 2);
    const storage = endingStorage(till.shapes, () => {
      expect(leasedSerials(till)).toContain(1);
      return false;
    });
    const patience = { ...parts.patience, attempts: 2 };
    expect(await fetchShape({ ...parts, storage, patience }, "leases")).toEqual({ kind: "up-to-date" });
    expect(refused).toBe(true);
    expect(leasedSerials(till)).toEqual([1, 2]);
  });
});

describe("a row that fails its check", () => {
  test("is kept aside and reported, beside rows that are stored", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    grantAll(server, 1, 2);
    const stranger = createAuthority(5);
    putLease(server, stranger, 3n);
    putLease(server, server.authority, 4n, { nodeId: "0192f000-0000-7000-8000-0000000000ff" });
    putLease(server, server.authority, 5n, { serial: 6n });
    await fetchShape(partsOf(till, server), "leases");
    expect(leasedSerials(till)).toEqual([1, 2]);
    expect(till.stores.leases.aside(10).map(({ problem }) => problem)).toEqual([
      "lease:unknown-key",
      "lease-of-another-node",
      "serials-differ",
    ]);
  });

  test("does not take the place of a good one", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    grantAll(server, 1);
    await fetchShape(partsOf(till, server), "leases");
    putLease(server, createAuthority(5), 1n);
    await fetchShape(partsOf(till, server), "leases");
    expect(leasedSerials(till)).toEqual([1]);
    expect(till.stores.leases.aside(10)).toHaveLength(1);
  });

  test("counts once a key set that a trusted key signed has brought its key", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    const next = createAuthority(5, 2);
    putLease(server, next, 1n);
    await fetchShape(partsOf(till, server), "leases");
    expect(leasedSerials(till)).toEqual([]);
    putKeySet(server, next.keySetDocument);
    await fetchShape(partsOf(till, server), "trust");
    expect(till.stores.trust.keySet().version).toBe(1);
    putKeySet(server, server.authority.signKeySet(next.keySet));
    await fetchShape(partsOf(till, server), "trust");
    expect(till.stores.trust.keySet().version).toBe(2);
    expect(leasedSerials(till)).toEqual([1]);
    expect(till.stores.leases.aside(10)).toEqual([]);
  });
});

describe("a batch that cannot be stored", () => {
  test("ends the stream, and nothing of it is missing once there is room again", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    const parts = partsOf(till, server);
    const stored = new EventEmitter();
    const live = readShape(
      { ...parts, name: "leases" },
      { live: true, onStored: () => stored.emit("stored") },
    );
    await once(stored, "stored");
    const head = till.shapes.head("leases");
    const { database } = till.stores;
    const pages = Number(database.pragma("page_count", { simple: true }));
    database.pragma(`max_page_count = ${pages}`);
    const serials = Array.from({ length: 60 }, (_, index) => index + 1);
    grantAll(server, ...serials);
    const end = await live;
    expect(end).toMatchObject({ kind: "not-stored", error: { code: "SQLITE_FULL" } });
    // The next change comes while there is still no room.
    grantAll(server, 61);
    expect(await fetchShape(parts, "leases")).toMatchObject({ kind: "not-stored" });
    expect(leasedSerials(till).length).toBeLessThan(60);
    database.pragma("max_page_count = 1000000");
    expect(await fetchShape(parts, "leases")).toEqual({ kind: "up-to-date" });
    expect(leasedSerials(till)).toEqual([...serials, 61]);
    expect(till.shapes.head("leases")).not.toEqual(head);
  });

  test("does not end a node that follows: it begins again by itself", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    const control = new AbortController();
    const reports = new EventEmitter();
    const following = till.node({ fetch }).follow(control.signal, (report) => reports.emit("report", report));
    await once(reports, "report");
    const { database } = till.stores;
    database.pragma(`max_page_count = ${Number(database.pragma("page_count", { simple: true }))}`);
    const failed = once(reports, "report");
    grantAll(server, ...Array.from({ length: 60 }, (_, index) => index + 1));
    await failed;
    database.pragma("max_page_count = 1000000");
    while (leasedSerials(till).length < 60) await once(reports, "report");
    control.abort();
    await following;
    expect(leasedSerials(till)).toHaveLength(60);
  });

  test("because somebody else stored one meanwhile is refused, and the other's stays", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    grantAll(server, 1);
    const parts = partsOf(till, server);
    await fetchShape(parts, "leases");
    const from = till.shapes.head("leases");
    const to = { handle: "h", position: "9_9" };
    expect(till.shapes.apply({ name: "leases", from, load: undefined, changes: [], to })).toBe(true);
    expect(till.shapes.apply({ name: "leases", from, load: undefined, changes: [], to })).toBe(false);
    expect(till.shapes.head("leases")).toEqual(to);
  });
});

describe("a node that follows", () => {
  test("holds one live request, and fetches only what its signal says has moved", async () => {
    const server = await standIn();
    const till = await tillOf(server);
    const control = new AbortController();
    const reports = new EventEmitter();
    const following = till.node({ fetch }).follow(control.signal, () => reports.emit("report"));
    await once(reports, "report");
    const asked = urlsOf(server);
    await vi.waitUntil(() => asked.some((url) => url.searchParams.get("live") === "true"), {
      timeout: 20_000,
    });
    grantAll(server, 7);
    await vi.waitUntil(() => leasedSerials(till).length === 1, { timeout: 20_000 });
    const shapes = new Set(asked.map((url) => url.pathname.split("/").at(-1)));
    expect(shapes).toEqual(new Set(["leases", "signals"]));
    expect(asked.filter((url) => url.searchParams.get("live") === "true")).toSatisfy(
      (live: URL[]) => live.length > 0 && live.every((url) => url.pathname.endsWith("/signals")),
    );
    control.abort();
    await following;
  });
});

describe("must-refetch, with the node ended at every step of it", () => {
  // Each call to the storage and each answer of the server is a point at which the node may end.
  const points = Array.from({ length: 20 }, (_, index) => index);
  const ended: number[] = [];
  test.each(points)("leaves it with its old leases or its new ones (step %i)", async (point) => {
    const server = await standIn(2);
    const till = await tillOf(server);
    grantAll(server, 1, 2, 3, 4);
    await fetchShape(partsOf(till, server), "leases");
    server.withdraw(1n);
    server.withdraw(2n);
    grantAll(server, 5, 6, 7);
    server.shapes.leases.rotate();

    let left = point;
    const ending = (): boolean => left-- === 0;
    const storage = endingStorage(till.shapes, ending);
    server.intercept = (request: IncomingMessage, response: ServerResponse) => {
      if (!request.url?.includes("/shapes/leases") || !ending()) return false;
      response.destroy();
      return true;
    };
    const end: StreamEnd = await fetchShape(partsOf(till, server, storage), "leases");
    const again = till.reopen();
    const isNew = end.kind === "up-to-date" || leasedSerials(again).includes(7);
    expect(leasedSerials(again)).toEqual(isNew ? [1, 2, 3, 4, 5, 6, 7] : [1, 2, 3, 4]);
    if (isNew) expect(again.stores.leases.find(1n)?.withdrawnMs).not.toBeNull();

    if (left < 0) ended.push(point);

    server.intercept = undefined;
    expect(await fetchShape(partsOf(again, server), "leases")).toEqual({ kind: "up-to-date" });
    expect(leasedSerials(again)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(loadsOf(again)).toHaveLength(1);
  });

  test("leaves no step out: the last points lie behind the end", () => {
    expect(ended).toEqual(points.slice(0, ended.length));
    expect(ended.length).toBeGreaterThanOrEqual(16);
    expect(ended.length).toBeLessThan(points.length);
  });
});

class Ended extends Error {}

/** A storage whose caller ends just before or just after a call, as `ending` says when it is asked. */
function endingStorage(storage: ShapeStorage, ending: () => boolean): ShapeStorage {
  const around = <T>(work: () => T): T => {
    if (ending()) throw new Ended();
    const result = work();
    if (ending()) throw new Ended();
    return result;
  };
  return {
    ...storage,
    beginLoad: (name) => around(() => storage.beginLoad(name)),
    stage: (name, load, changes) => around(() => storage.stage(name, load, changes)),
    apply: (batch) => around(() => storage.apply(batch)),
  };
}

function putLease(
  server: StandInServer,
  authority: typeof server.authority,
  serial: bigint,
  change: Partial<Lease> = {},
): void {
  const voucher = testVoucher(serial);
  const lease = {
    serial,
    nodeId: server.nodeId,
    epoch: { generation: 1, n: 1 },
    notAfterMs: 4e12,
    ...change,
  };
  server.shapes.leases.put(`"leases"/"${serial}"`, {
    node_id: server.nodeId,
    serial: serial.toString(),
    lease: toBase64(authority.lease(lease)),
    token: authority.token(voucher),
  });
  server.signal("leases");
}

function putKeySet(server: StandInServer, document: Uint8Array): void {
  const row = { node_id: server.nodeId, kind: "key-set", version: "2", document: toBase64(document) };
  server.shapes.trust.put(`"trust"/"key-set"`, row);
  server.signal("trust");
}

/** The requests for shapes that come from now on. */
function urlsOf(server: StandInServer): URL[] {
  const urls: URL[] = [];
  server.intercept = (request) => {
    if (request.url?.startsWith("/v1/shapes/")) urls.push(new URL(request.url, server.url));
    return false;
  };
  return urls;
}

function loadsOf(till: Till): unknown[] {
  return till.stores.database.prepare("select distinct load from leases").all();
}
