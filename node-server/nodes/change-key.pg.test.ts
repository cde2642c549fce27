/** A till's key is replaced: its chain goes on, what it had queued is settled, and stopping it at any step loses nothing. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { toBase64 } from "#sync/base64.ts";
import { openSelfSignedKeySet } from "#sync/documents/key-set.ts";
import { keyChangeMessage } from "#sync/node-key-change.ts";
import { ed25519Key, signWithTweetnacl } from "#sync/signing/ed25519.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { verifyFile } from "#sync/verify.ts";
import { createNode } from "../../desktop/worker/node.ts";
import type { PaypostNode } from "../../desktop/worker/node.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { testStore } from "../../test/support/funding.ts";
import type { IssuedVoucher } from "../../test/support/institution.ts";
import { enrolRealTill } from "../../test/support/real-till.ts";
import type { RealTill } from "../../test/support/real-till.ts";
import type { TestServer } from "../../test/support/server.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import { receiptOf } from "../operations/receipt.ts";
import { changeNodeKey } from "./change-key.ts";
import { freezeNode, revokeNode } from "./revoke.ts";

let server: TestServer;
let till: RealTill;
let vouchers: IssuedVoucher[];

beforeAll(async () => {
  server = await startServerWithShop();
});
afterAll(() => server.close());

beforeEach(async () => {
  till = await enrolRealTill(server, "shop-1");
  vouchers = await server.institution.createVouchers("FOO", [7, 7, 7]);
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  await server.institution.activate(serials, { leaseTo: till.nodeId });
  await till.node.sync();
});

describe("a till's key is replaced", () => {
  test("and its chain goes on: what is queued under the old key and what follows under the new one are settled", async () => {
    await redeem(till.node, 0);
    expect(await till.node.rotateKey()).toEqual({ ok: true, keyFrom: 2 });
    await redeem(till.node, 1);
    expect(await till.node.sync()).toMatchObject({ upload: { applied: 2, problem: undefined } });
    await redeem(restarted(), 2);
    expect(await restarted().sync()).toMatchObject({ upload: { applied: 1, problem: undefined } });
    const { rows } = await server.client.pool.query(
      "select actor, after ->> 'from' as first from audit_entries where action = 'node.change-key' and subject = $1",
      [`node:${till.nodeId}`],
    );
    expect(rows).toEqual([{ actor: `node:${till.nodeId}`, first: "2" }]);
  });

  test("again and again, with nothing sent in between", async () => {
    expect(await till.node.rotateKey()).toMatchObject({ ok: true, keyFrom: 1 });
    expect(await till.node.rotateKey()).toMatchObject({ ok: true, keyFrom: 1 });
    await redeem(till.node, 0);
    expect(await till.node.rotateKey()).toMatchObject({ ok: true, keyFrom: 2 });
    await redeem(till.node, 1);
    expect(await till.node.sync()).toMatchObject({ upload: { applied: 2, problem: undefined } });
  });

  test("and receipts of before and after are genuine, as are files that are carried", async () => {
    await redeem(till.node, 0);
    await till.node.rotateKey();
    await redeem(till.node, 1);
    await till.node.sync();
    const { document } = server.keys.keySet;
    const keySet = await openSelfSignedKeySet(document);
    if (!keySet.ok) throw new Error("no key set");
    for (const sequence of [1, 2]) {
      const hash = till.stores.queue.hashAt(sequence) ?? new Uint8Array();
      const parts = { store: testStore(server.client.pool), context: server.context, keySet: { document } };
      const receipt = await receiptOf(parts, { nodeId: till.nodeId, hash });
      expect(await verifyFile(receipt ?? new Uint8Array(), keySet.value)).toMatchObject({ ok: true });
    }
    await redeem(till.node, 2);
    const carrier = await enrolRealTill(server, "shop-1", { name: "carrier" });
    const handed = await carrier.node.handIn(till.export());
    if (!handed.ok) throw new Error(JSON.stringify(handed));
    expect(await till.import(handed.answer)).toMatchObject({ ok: true, taken: { applied: 1 } });
  });
});

describe("a till that is stopped while its key is replaced", () => {
  test.each([
    ["before the server has heard of it", false],
    ["before the server's answer has come", true],
  ])("%s signs with the new key when it starts again, and the server takes it", async (_when, isHeard) => {
    await redeem(till.node, 0);
    const cut = restarted(async (input, init) => {
      const isChange = new Request(input, init).url.endsWith("/v1/node-keys");
      if (!isChange) return fetch(input, init);
      if (isHeard) expect((await fetch(input, init)).status).toBe(200);
      throw new TypeError("cut");
    });
    expect(await cut.rotateKey()).toMatchObject({
      ok: false,
      isKept: true,
      failure: { code: "unreachable" },
    });
    await redeem(restarted(), 1);
    expect(await restarted().sync()).toMatchObject({ upload: { applied: 2, problem: undefined } });
  });

  test("keeps no certificate but its own, and asks again", async () => {
    const other = await enrolRealTill(server, "shop-1", { name: "other" });
    const certificate = toBase64(other.stores.node.certificateDocument());
    const misled = restarted(async (input, init) => {
      const answer = await fetch(input, init);
      return new Request(input, init).url.endsWith("/v1/node-keys")
        ? Response.json({ ...((await answer.json()) as object), certificate })
        : answer;
    });
    expect(await misled.rotateKey()).toMatchObject({ ok: true });
    expect(till.stores.signingKeys.keyChanges()).toMatchObject([{ isConfirmed: false }]);
    await redeem(misled, 0);
    expect(await restarted().sync()).toMatchObject({ upload: { applied: 1, problem: undefined } });
    expect(till.stores.signingKeys.keyChanges()).toMatchObject([{ isConfirmed: true }]);
  });

  test("without a connection keeps its key", async () => {
    const cut = restarted(() => Promise.reject(new TypeError("cut")));
    expect(await cut.rotateKey()).toMatchObject({ ok: false, isKept: false });
    expect(till.stores.signingKeys.keyChanges()).toEqual([]);
    await redeem(till.node, 0);
    expect(await till.node.sync()).toMatchObject({ upload: { applied: 1, problem: undefined } });
  });

  test("finds a server that was restored from before the change, and tells it again", async () => {
    await redeem(till.node, 0);
    await till.node.rotateKey();
    const { pool } = server.client;
    await pool.query("alter table node_keys disable trigger node_keys_kept");
    await pool.query(
      `with forgotten as (delete from node_keys where node_id = $1 returning public_key, certificate)
       update nodes n set key_from = 0, public_key = f.public_key, certificate = f.certificate
       from forgotten f where n.id = $1`,
      [till.nodeId],
    );
    await pool.query("alter table node_keys enable trigger node_keys_kept");
    await redeem(till.node, 1);
    expect(await restarted().sync()).toMatchObject({ upload: { applied: 2, problem: undefined } });
  });
});

describe("an old key", () => {
  test("opens no session and signs nothing after the change", async () => {
    const thief = await enrolAtShop(server, "thief");
    const [first] = await leasedTo(thief.identity.nodeId);
    await thief.openSession();
    await change(thief, 1);
    const { status } = await thief.upload([thief.redeem(first)]);
    expect(status).toBe(401);
    expect(await thief.openSession()).toMatchObject({ status: 401, body: { code: "bad-assertion" } });
  });

  test("gives way only to a change that both keys have signed, that follows what is stored, and while the node is active", async () => {
    const node = await enrolAtShop(server, "node");
    const [first, second] = await leasedTo(node.identity.nodeId);
    await node.openSession();
    await node.upload([node.redeem(first)]);
    expect(await change(node, 1)).toEqual({ ok: false, refusal: "other-history" });
    expect(await change(node, 2, { afterHash: new Uint8Array(32) })).toEqual({
      ok: false,
      refusal: "other-history",
    });
    expect(await change(node, 2, { byOld: new Uint8Array(64) })).toEqual({ ok: false, refusal: "bad-proof" });
    expect(await change(node, 2, { byNew: new Uint8Array(64) })).toEqual({ ok: false, refusal: "bad-proof" });
    expect(await change(node, 2, { nodeId: "0192f000-0000-7000-8000-000000000001" })).toEqual({
      ok: false,
      refusal: "unknown-node",
    });
    await freezeNode(testStore(server.client.pool), node.identity.nodeId, "operator:Ann");
    expect(await change(node, 2)).toEqual({ ok: false, refusal: "node-stopped" });
    await revokeNode(testStore(server.client.pool), node.identity.nodeId);
    expect(await change(node, 2)).toEqual({ ok: false, refusal: "node-stopped" });
    expect(second).toBeDefined();
  });
});

function restarted(fetching: typeof fetch = fetch): PaypostNode {
  const { stores, key, clock } = till;
  const parts = { stores, key, clock, serverUrl: server.url, randomBytes: webRandomBytes };
  return createNode({ ...parts, fetch: fetching, sleep: async () => {} });
}

async function redeem(node: PaypostNode, index: number): Promise<void> {
  const { serialNumber, number = "" } = vouchers[index] ?? {};
  const request = { serial: BigInt(serialNumber ?? 0), number, actor: "Ann", offline: true };
  expect(await node.redeem(request)).toMatchObject({ kind: "accepted" });
}

async function leasedTo(nodeId: string): Promise<[IssuedVoucher, IssuedVoucher]> {
  const made = await server.institution.createVouchers("FOO", [7, 7]);
  await server.institution.activate(
    made.map(({ serialNumber }) => serialNumber),
    { leaseTo: nodeId },
  );
  return made as [IssuedVoucher, IssuedVoucher];
}

/** A change as the node would ask for it, but for what is changed in it afterwards. */
function change(
  node: BareNode,
  keyFrom: number,
  other: { nodeId?: string; afterHash?: Uint8Array; byOld?: Uint8Array; byNew?: Uint8Array } = {},
) {
  const next = ed25519Key(webRandomBytes(32));
  const { nodeId = node.identity.nodeId, afterHash = node.head.hash, ...signatures } = other;
  const wish = { nodeId, publicKey: next.publicKey, keyFrom, afterHash };
  const message = keyChangeMessage(wish);
  const byOld = signWithTweetnacl(ed25519Key(node.seed), message);
  const byNew = signWithTweetnacl(next, message);
  return changeNodeKey(
    { store: testStore(server.client.pool), certificateSigner: server.keys.signers["enrolment-certificate"] },
    { ...wish, byOld, byNew, ...signatures },
  );
}
