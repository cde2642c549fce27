/** Operations carried by hand between real tills and a real server, beside and instead of a connection. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeBundle } from "#sync/documents/bundle.ts";
import { decodeCarriedQueue, encodeCarriedQueue } from "#sync/documents/carried-queue.ts";
import { parseDocument, signDocumentSync } from "#sync/signing/cose.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { boxKeyPair } from "#sync/signing/sealed.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { run } from "../../test/support/processes.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import type { RealTill } from "../../test/support/real-till.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { temporaryFolder } from "../../test/support/till.ts";
import { fundGroup } from "../ledger/entries.ts";
import { revokeNode } from "../nodes/revoke.ts";
import { putMerchant, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";

let server: TestServer;
/** A till in another shop, which has a connection. */
let carrier: RealTill;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  for (const id of ["shop-1", "shop-2"]) await putMerchant(pool, { id, name: id, accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  carrier = await enrolRealTill(server, "shop-2", { lasting: true });
});

afterAll(async () => {
  carrier.remove();
  const accounts = await trialBalance(server.client.pool);
  expect(accounts.reduce((sum, account) => sum + account.amountMinor, 0n)).toBe(0n);
  await server.close();
});

describe("a queue carried by hand", () => {
  test("is handed in by another till, paid once, and its verdicts come back the same way", async () => {
    const { till, vouchers } = await cutOff(2);
    const before = await paidTo("shop-1");
    const file = till.export();
    expect(await till.import(await answerTo(carrier, file))).toMatchObject({
      ok: true,
      taken: { applied: 2, rejected: 0, held: 0, contradictions: [] },
      acknowledgement: { nodeId: till.nodeId, firstSequence: 1, lastSequence: 2 },
    });
    expect(await paidTo("shop-1")).toBe(before + 1400n);
    expect(await states(vouchers)).toEqual(["Consumed", "Consumed"]);
    expect(till.stores.acknowledgements.lastSequence()).toBe(2);
    expect(() => till.export()).toThrow("nothing-to-export");
    expect((await till.node.sync()).upload).toMatchObject({ sent: 0, problem: undefined });
  });

  test("may be handed in and taken in again, in any order and beside a direct sync, and nothing is done twice", async () => {
    const acts = ["hand-in", "import", "sync", "second hand-in", "second import"] as const;
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...acts], { minLength: 3 }), async (order) => {
        const { till } = await cutOff(2);
        const before = await paidTo("shop-1");
        const [first, all] = [till.export(), till.export()];
        let answer: Uint8Array | undefined;
        const does = {
          "hand-in": async () => (answer = await answerTo(carrier, first)),
          "second hand-in": async () => (answer = await answerTo(carrier, all)),
          sync: () => till.node.sync(),
          import: () => answer && till.import(answer),
          "second import": () => answer && till.import(answer),
        };
        for (const act of order) await does[act]();
        await till.node.sync();
        expect(till.stores.redemptions.countByState()).toMatchObject({ applied: 2, queued: 0, held: 0 });
        expect(till.stores.node.stopped()).toBeUndefined();
        expect(await paidTo("shop-1")).toBe(before + 1400n);
      }),
      { numRuns: 5 },
    );
  });

  test("and the same operations synced at the same moment get one verdict each", async () => {
    const { till } = await cutOff(5);
    const before = await paidTo("shop-1");
    const file = till.export();
    const [answer] = await Promise.all([answerTo(carrier, file), till.node.sync(), answerTo(carrier, file)]);
    expect(await till.import(answer)).toMatchObject({ ok: true, taken: { contradictions: [] } });
    expect(till.stores.redemptions.countByState()).toMatchObject({ applied: 5, queued: 0 });
    expect(await paidTo("shop-1")).toBe(before + 3500n);
    expect((await nodeOf(till)).status).toBe("active");
  });

  test("of an old head is no fork: what came after it is stored, and it changes nothing", async () => {
    const { till, vouchers } = await cutOff(3, 1);
    const old = till.export();
    for (const voucher of vouchers.slice(1)) await till.redeem(voucher);
    await till.node.sync();
    expect(await till.import(await answerTo(carrier, old))).toMatchObject({
      ok: true,
      verdicts: 1,
      taken: { applied: 0 },
    });
    expect(await nodeOf(till)).toMatchObject({ status: "active", lastSequence: 3n });
    expect((await till.node.sync()).upload).toMatchObject({ sent: 0, problem: undefined });
  });

  test("that begins too late is refused, and taken when what comes before it is there", async () => {
    const { till } = await cutOff(3);
    const [second, first] = [till.export(2), till.export()];
    expect(await carrier.node.handIn(second)).toMatchObject({
      ok: false,
      failure: { status: 409, reason: "gap", message: expect.stringContaining("--after 0") as string },
    });
    expect(await nodeOf(till)).toMatchObject({ lastSequence: 0n });
    await answerTo(carrier, first);
    expect(await till.import(await answerTo(carrier, second))).toMatchObject({ ok: true, verdicts: 1 });
    // The server has all three, but only the verdict on the third is here: the others are asked for at the next sync.
    expect(till.stores.queue.serverSequence()).toBe(0);
    await till.node.sync();
    expect(till.stores.redemptions.countByState()).toMatchObject({ applied: 3, queued: 0, held: 0 });
    expect(till.stores.queue.serverSequence()).toBe(3);
  });

  test("that is truncated or altered anywhere is refused, and nothing of it is stored", async () => {
    const { till } = await cutOff(1);
    const file = till.export();
    const session = await carrier.session();
    const damaged = fc.oneof(
      fc.nat(file.length - 1).map((length) => file.slice(0, length)),
      fc
        .tuple(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }))
        .map(([at, bits]) => file.map((byte, index) => (index === at ? byte ^ bits : byte))),
    );
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        const { status } = await postRaw(session, bytes);
        expect([400, 404]).toContain(status);
      }),
      { numRuns: 60 },
    );
    expect(await nodeOf(till)).toMatchObject({ lastSequence: 0n, status: "active" });
    expect(await answerTo(carrier, file)).toBeInstanceOf(Uint8Array);
  });

  test("for another server is refused", async () => {
    const { till } = await cutOff(1);
    const parsed = parseDocument(till.export());
    const carried = parsed.ok ? decodeCarriedQueue(parsed.payload) : undefined;
    if (!carried?.ok) throw new Error("the export cannot be read");
    const serverBoxKey = boxKeyPair(webRandomBytes(32)).publicKey;
    const signer = createSyncSigner("carried-queue", till.key.seed);
    const payload = encodeCarriedQueue({ ...carried.value, serverBoxKey });
    expect(await carrier.node.handIn(signDocumentSync(signer, payload).bytes)).toMatchObject({
      ok: false,
      failure: { status: 409, reason: "another-server" },
    });
  });

  test("of a revoked till is stored beyond its chain and held, and its till is told so", async () => {
    const { till, vouchers } = await cutOff(2);
    const before = await paidTo("shop-1");
    await revokeNode(testStore(server.client.pool), till.nodeId);
    expect(await till.import(await answerTo(carrier, till.export()))).toMatchObject({
      ok: true,
      taken: { applied: 0, held: 2 },
    });
    expect(till.stores.queue.find(1)).toMatchObject({ state: "held", reason: "node-revoked" });
    const { rows } = await server.client.pool.query(
      `select branch, state from operations where node_id = $1 order by sequence`,
      [till.nodeId],
    );
    expect(rows).toEqual([
      { branch: "beyond", state: "held" },
      { branch: "beyond", state: "held" },
    ]);
    expect(await paidTo("shop-1")).toBe(before);
    expect(await states(vouchers)).toEqual(["Activated", "Activated"]);
  });

  test("3: of a revoked till that begins too late is not acknowledged: what is before it is not stored", async () => {
    const { till } = await cutOff(2);
    await revokeNode(testStore(server.client.pool), till.nodeId);
    const gap = { ok: false, failure: { status: 409, reason: "gap" } };
    expect(await carrier.node.handIn(till.export(1))).toMatchObject(gap);
    await answerTo(carrier, till.export());
    expect(await carrier.node.handIn(till.export(1))).toMatchObject({ ok: true });
  });

  test("is not taken from a carrier that was revoked itself", async () => {
    const [{ till }, revoked] = [await cutOff(1), await enrolRealTill(server, "shop-2")];
    await revokeNode(testStore(server.client.pool), revoked.nodeId);
    expect(await revoked.node.handIn(till.export())).toMatchObject({
      ok: false,
      failure: { status: 403, reason: "node-revoked" },
    });
  });

  test("shows its carrier who made it and how much, and nothing of what is in it", async () => {
    const { till } = await cutOff(1);
    const file = Buffer.from(till.export());
    const operation = till.stores.queue.find(1);
    if (!operation) throw new Error("there is no operation");
    expect(file.includes(Buffer.from(operation.signed.slice(20, 60)))).toBe(false);
    const sealedAlready = Buffer.from(operation.sealed ?? []);
    expect(sealedAlready.length).toBeGreaterThan(0);
    expect(file.includes(sealedAlready)).toBe(false);
  });

  test("is acknowledged once: the same file gets the same signed word, whoever brings it", async () => {
    const { till } = await cutOff(1);
    const file = till.export();
    const words = [await answerTo(carrier, file), await answerTo(till, file)].map((bytes) => {
      const bundle = decodeBundle(bytes);
      return bundle.ok && bundle.value.type === "answer" ? bundle.value.acknowledgement : undefined;
    });
    expect(words[0]).toBeInstanceOf(Uint8Array);
    expect(words[1]).toEqual(words[0]);
  });
});

describe("an answer that is carried back", () => {
  test("counts for its own till alone, and only whole", async () => {
    const { till } = await cutOff(1);
    const answer = await answerTo(carrier, till.export());
    expect(await carrier.import(answer)).toMatchObject({ ok: false, refusal: { code: "another-node" } });
    expect(await till.import(answer.slice(0, -1))).toMatchObject({
      ok: false,
      refusal: { code: "not-an-answer" },
    });
    expect(await till.import(till.export())).toMatchObject({ ok: false });
    expect(till.stores.redemptions.countByState()).toMatchObject({ queued: 1 });
    const bundle = decodeBundle(answer);
    if (!bundle.ok || bundle.value.type !== "answer") throw new Error("the answer cannot be read");
    expect(await till.import(bundle.value.verdictList)).toMatchObject({ ok: true, taken: { applied: 1 } });
  });

  test("altered anywhere in what counts, is not used at all", async () => {
    const { till } = await cutOff(1);
    const answer = await answerTo(carrier, till.export());
    const bundle = decodeBundle(answer);
    if (!bundle.ok || bundle.value.type !== "answer") throw new Error("the answer cannot be read");
    // The key set is before it: a damaged one is not learned from, and the rest is checked by the keys of the till.
    const from = Buffer.from(answer).indexOf(Buffer.from(bundle.value.acknowledgement));
    const places = fc.integer({ min: from, max: answer.length - 1 });
    const alteration = fc.tuple(places, fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(alteration, async ([at, bits]) => {
        const altered = answer.map((byte, index) => (index === at ? byte ^ bits : byte));
        expect(await till.import(altered)).toMatchObject({ ok: false });
        expect(till.stores.redemptions.countByState()).toMatchObject({ queued: 1 });
      }),
      { numRuns: 60 },
    );
    await till.import(answer);
    expect(till.stores.queue.find(1)).toMatchObject({ state: "applied" });
  });
});

describe("paypost hand-in", () => {
  test("takes a file in without another till; the running server pays, and the answer is not overwritten", async () => {
    const { till } = await cutOff(2);
    const before = await paidTo("shop-1");
    const path = join(temporaryFolder(), "queue");
    await writeFile(path, till.export());
    const environment = { DATABASE_URL: server.databaseUrl, PAYPOST_KEYS: server.keysFolder };
    const handIn = (...more: string[]) =>
      run("node-server/cli/main.ts", ["hand-in", path, "--json", ...more], environment);
    const first = await handIn();
    expect(first.stderr).toBe("");
    expect(JSON.parse(first.stdout)).toMatchObject({ nodeId: till.nodeId, applied: 2, known: 0 });
    const again = await handIn();
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("was not overwritten");
    expect(JSON.parse((await handIn("--answer", `${path}.2`)).stdout)).toMatchObject({
      applied: 2,
      known: 2,
    });
    for (;;) {
      if ((await paidTo("shop-1")) === before + 1400n) break;
    }
  });
});

/** A till of shop-1 that has redeemed `done` (all) of its leased vouchers offline. */
async function cutOff(count: number, done = count): Promise<{ till: RealTill; vouchers: IssuedVoucher[] }> {
  const till = await enrolRealTill(server, "shop-1");
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(count).fill(7));
  await server.institution.activate(
    vouchers.map(({ serialNumber }) => serialNumber),
    { leaseTo: till.nodeId },
  );
  await till.node.sync();
  for (const voucher of vouchers.slice(0, done)) {
    expect(await till.redeem(voucher)).toMatchObject({ kind: "accepted" });
  }
  return { till, vouchers };
}

async function answerTo(bringer: RealTill, file: Uint8Array): Promise<Uint8Array> {
  const handed = await bringer.node.handIn(file);
  if (!handed.ok) throw new Error(`not taken: ${JSON.stringify(handed)}`);
  return handed.answer;
}

/** Sends the bytes past the till's own look at them. */
async function postRaw(session: string, bytes: Uint8Array): Promise<Response> {
  return fetch(`${server.url}/v1/carried`, {
    method: "POST",
    headers: { authorization: `Bearer ${session}` },
    body: Uint8Array.from(bytes),
  });
}

async function nodeOf(till: RealTill): Promise<{ status: string; lastSequence: bigint }> {
  const { rows } = await server.client.pool.query<{ status: string; lastSequence: bigint }>(
    `select status, last_sequence as "lastSequence" from nodes where id = $1`,
    [till.nodeId],
  );
  const [row] = rows;
  if (!row) throw new Error("no node");
  return row;
}

async function paidTo(merchantId: string): Promise<bigint> {
  const accounts = await trialBalance(server.client.pool);
  return accounts.find(({ id }) => id === `merchant:${merchantId}:USD`)?.amountMinor ?? 0n;
}

function states(vouchers: readonly IssuedVoucher[]): Promise<unknown[]> {
  return Promise.all(vouchers.map(({ serialNumber }) => server.institution.status(serialNumber)));
}
