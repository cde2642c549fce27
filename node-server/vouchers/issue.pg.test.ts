/** The worker that makes vouchers, on PostgreSQL, with a hand on what it draws. */
import { randomBytes } from "node:crypto";
import nacl from "tweetnacl";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../test/support/database.ts";
import type { TestDatabase } from "../../test/support/database.ts";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { fundGroup } from "../ledger/entries.ts";
import type { Store, VoucherInstruction } from "../ports/store.ts";
import { createDatabaseClient } from "../postgres/pool.ts";
import type { DatabaseClient } from "../postgres/pool.ts";
import { putInstitution, putVoucherGroup, trialBalance } from "../postgres/registry-admin.ts";
import { issueBatch } from "./issue.ts";
import { createNativeScrypt } from "./native-scrypt.ts";
import { decryptNumber, indexOfNumber } from "./numbers.ts";
import type { NumberMaking } from "./numbers.ts";

const caller = nacl.box.keyPair();
const server = nacl.box.keyPair();
const keys = {
  indexKey: new Uint8Array(randomBytes(32)),
  boxSecretKey: server.secretKey,
  tokenKeyId: () => new Uint8Array(randomBytes(8)),
};
const making: NumberMaking = {
  keys,
  scrypt: createNativeScrypt(),
  randomBytes: (length) => new Uint8Array(randomBytes(length)),
};

let database: TestDatabase;
let client: DatabaseClient;
let store: Store;

beforeAll(async () => {
  database = await createDatabase();
  client = createDatabaseClient(database.url, pino({ level: "silent" }), { max: 5 });
  store = testStore(client.pool);
  const { publicKey: boxPublicKey } = caller;
  await putInstitution(client.pool, { id: "welfare", name: "Welfare", callbackBaseUrl: null, boxPublicKey });
  for (const code of ["FOO", "LOW"])
    await putVoucherGroup(client.pool, { code, name: code, validityDays: 30 });
  await fundForTest(client.pool, fundGroup("t-1", "FOO", { amountMinor: 10_000_000n, currency: "USD" }));
  await fundForTest(client.pool, fundGroup("t-2", "LOW", { amountMinor: 1_000n, currency: "USD" }));
});

afterAll(async () => {
  await client.close();
  await database.drop();
});

test("a number that another voucher has is drawn again, within a batch and across batches", async () => {
  const first = new Uint8Array(8).fill(1);
  const draws = [first, first, first];
  // The numbers of a batch are cut from the start of one draw.
  const scripted = (length: number) => {
    const drawn = making.randomBytes(length);
    for (const [index, draw] of draws.splice(0).entries()) drawn.set(draw, index * draw.length);
    return drawn;
  };
  const batches = [await storeBatch("FOO", [5, 5, 5]), await storeBatch("FOO", [5])];
  await issueBatch({ store, numbers: { ...making, randomBytes: scripted } }, batches[0] ?? 0n);
  draws.push(first);
  await issueBatch({ store, numbers: { ...making, randomBytes: scripted } }, batches[1] ?? 0n);
  expect(draws).toEqual([]);
  const numbers = (await Promise.all(batches.map(numbersOf))).flat();
  expect(new Set(numbers).size).toBe(4);
});

test("4.4: what is kept of a number fits it", async () => {
  const batch = await storeBatch("FOO", [5]);
  await issueBatch({ store, numbers: making }, batch);
  const [result] = await resultsOf(batch);
  const [number = ""] = await numbersOf(batch);
  const voucher = await store.transaction((tx) => tx.vouchers.find(result?.serial ?? 0n));
  expect(voucher?.numberIndex).toEqual(indexOfNumber(keys.indexKey, number));
});

test("a number that another voucher got after it was found free fails the run, and the next run draws another", async () => {
  const drawn = new Uint8Array(8).fill(7);
  const alike = (length: number) => {
    const bytes = making.randomBytes(length);
    bytes.set(drawn);
    return bytes;
  };
  const batches = [await storeBatch("FOO", [5]), await storeBatch("FOO", [5])];
  const [first = 0n, second = 0n] = batches;
  let transactions = 0;
  // The fifth stores the voucher, whose number the fourth found free.
  const interrupted: Store = {
    async transaction(work) {
      transactions += 1;
      if (transactions === 5) await issueBatch({ store, numbers: { ...making, randomBytes: alike } }, second);
      return store.transaction(work);
    },
  };
  const run = issueBatch({ store: interrupted, numbers: { ...making, randomBytes: alike } }, first);
  await expect(run).rejects.toMatchObject({ code: "23505", constraint: "vouchers_number_index_key" });
  await issueBatch({ store, numbers: making }, first);
  expect(new Set((await Promise.all(batches.map(numbersOf))).flat()).size).toBe(2);
});

test("4.4: several workers on one batch make each voucher once, more than one chunk of them", async () => {
  const count = 2300;
  const batch = await storeBatch("FOO", Array<number>(count).fill(1));
  const quick = { ...making, scrypt: async () => new Uint8Array(16) };
  await Promise.all([1, 2, 3].map(() => issueBatch({ store, numbers: quick }, batch)));
  const results = await resultsOf(batch);
  expect(new Set(results.map(({ serial }) => serial)).size).toBe(count);
  expect(await store.transaction((tx) => tx.batches.progress(batch))).toEqual({
    total: count,
    created: count,
    failed: 0,
    complete: true,
  });
});

test("vouchers are made as far as the funding goes, to the last cent, and the others fail one by one", async () => {
  const batch = await storeBatch("LOW", [4, 7, 6, 0.01]);
  await issueBatch({ store, numbers: making }, batch);
  const results = await resultsOf(batch);
  const reason = "Insufficient funds in the voucher group";
  expect(results.map(({ failureReason }) => failureReason)).toEqual([null, reason, null, reason]);
  const accounts = await trialBalance(client.pool);
  expect(accounts.find(({ id }) => id === "funding:LOW:USD")?.amountMinor).toBe(0n);
  expect(accounts.find(({ id }) => id === "reserved:LOW:USD")?.amountMinor).toBe(1_000n);
});

let batches = 0;

function storeBatch(groupCode: string, amounts: readonly number[]): Promise<bigint> {
  batches += 1;
  const id = `b-${batches}`;
  const instructions = amounts.map((amount, index): VoucherInstruction => ({
    line: index + 1,
    instructionId: `i-${index + 1}`,
    groupCode,
    currency: "USD",
    amount: String(amount),
    payeeFunctionalId: null,
    narration: "",
  }));
  const batch = {
    kind: "request" as const,
    institutionId: "welfare",
    batchId: id,
    requestId: id,
    programId: "winter",
    callbackUrl: "https://welfare.example/",
  };
  return store.transaction(async (tx) => {
    const stored = await tx.batches.insert(batch, instructions);
    if (stored === undefined) throw new Error("the batch id was used before");
    return stored;
  });
}

async function numbersOf(batch: bigint): Promise<(string | undefined)[]> {
  const results = await resultsOf(batch);
  return results.map(({ serial, ciphertext }) =>
    decryptNumber(caller.secretKey, server.publicKey, serial ?? 0n, ciphertext ?? ""),
  );
}

function resultsOf(batch: bigint) {
  return store.transaction((tx) => tx.batches.results(batch));
}
