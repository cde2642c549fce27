/** Arrays in PostgreSQL's binary form: the database reads the very values that were written. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../test/support/database.ts";
import type { TestDatabase } from "../../test/support/database.ts";
import { byteaArray, int4Array, int8Array, textArray, timestamptzArray } from "./arrays.ts";

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const read = async (type: string, array: Buffer) =>
  (await client.query({ text: `select $1::${type}[]::text as read`, values: [array] })).rows[0]
    ?.read as string;

test("whole numbers are read from end to end of their range, and what is absent as null", async () => {
  expect(await read("bigint", int8Array([1n, null, -(2n ** 63n), 2n ** 63n - 1n]))).toBe(
    "{1,NULL,-9223372036854775808,9223372036854775807}",
  );
  expect(await read("int", int4Array([0, -(2 ** 31), null, 2 ** 31 - 1]))).toBe(
    "{0,-2147483648,NULL,2147483647}",
  );
});

test("texts and bytes are read whatever is in them", async () => {
  const texts = ["", "NULL", null, 'a "quoted", {braced} \\ one', "Ünïcödé 票 🎟"];
  const bytes = [new Uint8Array(0), null, Uint8Array.of(0, 255, 92), new Uint8Array([1, 2, 3]).subarray(1)];
  const { rows } = await client.query({
    text: "select $1::text[] as texts, $2::bytea[] as bytes",
    values: [textArray(texts), byteaArray(bytes)],
  });
  expect(rows[0].texts).toEqual(texts);
  expect(rows[0].bytes).toEqual(bytes.map((value) => value && Buffer.from(value)));
});

test("instants are read to the millisecond, before and after the year 2000", async () => {
  const instants = [new Date("1969-12-31T23:59:59.999Z"), null, new Date("2199-01-01T00:00:00.001Z")];
  const { rows } = await client.query({
    text: "select $1::timestamptz[] as instants",
    values: [timestamptzArray(instants)],
  });
  expect(rows[0].instants).toEqual(instants);
});

test("none at all are an empty array, and an array of another type is refused", async () => {
  expect(await read("bigint", int8Array([]))).toBe("{}");
  expect(await read("text", textArray([]))).toBe("{}");
  await expect(read("bigint", int4Array([1]))).rejects.toMatchObject({ code: "42804" });
});
