/** Operations that the server cannot read or fails at: stored in their place, held, and never in the way of what follows. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { decodeCbor, encodeCbor } from "#sync/signing/cbor.ts";
import type { CborValue } from "#sync/signing/cbor.ts";
import { parseDocument, signDocumentSync } from "#sync/signing/cose.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import type { BareNode } from "../../test/support/bare-node.ts";
import type { SignedOperation } from "../../test/support/bare-node.ts";
import { testStore } from "../../test/support/funding.ts";
import type { TestServer } from "../../test/support/server.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";
import { listHeld } from "../postgres/held-admin.ts";
import { decideHeld, proposeDecision, retryQuarantined } from "./decide-held.ts";
import { settleAll } from "./receive.ts";

let server: TestServer;
let node: BareNode;

beforeAll(async () => {
  server = await startServerWithShop();
});

beforeEach(async () => {
  node = await enrolAtShop(server);
});

afterAll(() => server.close());

describe("3: quarantine is a verdict on bytes that the server stored", () => {
  test("3: an operation that it cannot read is held in its place, and what follows is decided", async () => {
    const [voucher] = await leased(1);
    if (!voucher) throw new Error("no voucher was made");
    const strange = ofNewerVersion(node);
    const { verdicts } = await node.upload([strange, node.redeem(voucher)]);
    expect(verdicts?.verdicts).toMatchObject([
      { sequence: 1, status: "held", reason: "quarantined" },
      { sequence: 2, status: "applied" },
    ]);
    expect(verdicts?.lastSequence).toBe(2);
    const { rows } = await server.client.pool.query<{ signed: Buffer }>(
      "select signed from operations where node_id = $1 and sequence = 1",
      [node.identity.nodeId],
    );
    expect(new Uint8Array(rows[0]?.signed ?? Buffer.alloc(0))).toEqual(strange.signed);
    const again = await node.upload([strange], { sequence: 0 });
    expect(again.verdicts?.verdicts).toMatchObject([{ status: "held", duplicate: true }]);
  });

  test("3: people end it; it is not applied as long as nobody can read it", async () => {
    const strange = ofNewerVersion(node);
    await node.upload([strange]);
    const held = { nodeId: node.identity.nodeId, hash: strange.hash };
    expect(await retryQuarantined(server.context, store(), held, "Amina")).toMatchObject({
      code: "not-readable",
    });
    await proposeDecision(store(), held, { verdict: "apply", because: "a call", by: "Amina" });
    expect(await decideHeld(server.context, store(), held, "Ben")).toMatchObject({ code: "not-readable" });
  });

  test("3: an operation at which the server fails is held, the alert is raised, and it is judged once the failure is mended", async () => {
    const [first, second] = await leased(2);
    if (!first || !second) throw new Error("no vouchers were made");
    const operations = [node.redeem(first), node.redeem(second)];
    await failAt(first.serialNumber);
    const { verdicts } = await node.upload(operations);
    expect(verdicts?.verdicts).toMatchObject([
      { status: "held", reason: "quarantined" },
      { status: "applied" },
    ]);
    await mend();
    const held = { nodeId: node.identity.nodeId, hash: operations[0]?.hash ?? new Uint8Array() };
    expect(await retryQuarantined(server.context, store(), held, "Amina")).toMatchObject({
      row: { state: "applied", reason: null },
    });
    expect(await listHeld(server.client.pool, { hash: Buffer.from(held.hash).toString("hex") })).toEqual([]);
    const { rows } = await server.client.pool.query(
      "select kind from alerts where kind = 'operation-quarantined' and subject = $1",
      [`operation:${node.identity.nodeId}:1`],
    );
    expect(rows).toHaveLength(1);
  });

  test("a database that is away quarantines nothing", async () => {
    const gone = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });
    const away = { transaction: () => Promise.reject(gone) };
    const received = {
      envelope: {
        nodeId: node.identity.nodeId,
        operationId: "0192f000-0000-7000-8000-00000000000a",
        sequence: 1,
        previousHash: new Uint8Array(32),
      },
      operation: undefined,
      hash: new Uint8Array(32),
      signed: new Uint8Array(1),
      sealed: null,
    };
    const evidence = { verdicts: new Map(), leases: [] };
    const settled = settleAll(
      { store: away, context: server.context },
      node.identity.nodeId,
      [received],
      evidence,
    );
    await expect(settled).rejects.toBe(gone);
  });
});

/** One whose body this server has no word for, signed and in its place. */
function ofNewerVersion(from: BareNode): SignedOperation {
  const plain = from.release("1");
  const parsed = parseDocument(plain.signed);
  const decoded = parsed.ok ? decodeCbor(parsed.payload) : undefined;
  if (!decoded?.ok || !(decoded.value instanceof Map)) throw new Error("an operation is a map");
  const fields = new Map<number, CborValue>(decoded.value as Map<number, CborValue>);
  fields.set(12, new Map<number, CborValue>([[0, "teleport-voucher"]]));
  const { bytes, hash } = signDocumentSync(createSyncSigner("operation", from.seed), encodeCbor(fields));
  from.head = { sequence: plain.sequence, hash };
  return { ...plain, signed: bytes, hash };
}

/** A bug, as far as the server can tell: a rule of the database that its code does not know of. */
async function failAt(serialNumber: string): Promise<void> {
  await server.client.pool.query(
    `alter table claims add constraint a_bug check (voucher_serial <> ${BigInt(serialNumber)})`,
  );
}

async function mend(): Promise<void> {
  await server.client.pool.query("alter table claims drop constraint a_bug");
}

async function leased(count: number) {
  const vouchers = await server.institution.createVouchers("FOO", Array<number>(count).fill(7));
  const serials = vouchers.map(({ serialNumber }) => serialNumber);
  await server.institution.activate(serials, { leaseTo: node.identity.nodeId });
  return vouchers;
}

function store() {
  return testStore(server.client.pool);
}
