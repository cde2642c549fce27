import { describe, expect, test } from "vitest";
import { readRowsBeside } from "./rows-beside.ts";

const told = [
  { key: '"public"."t"/"1"', value: { serial: "1", note: null }, headers: { operation: "insert" } },
  { headers: { control: "snapshot-end", xmin: "1" } },
  { key: '"public"."t"/"2"', value: { serial: "2" }, headers: { operation: "delete", lsn: "7" } },
];

function answering(body: string, init: ResponseInit = {}) {
  return readRowsBeside(() => Promise.resolve(new Response(body, init)));
}

async function given(beside: ReturnType<typeof readRowsBeside>): Promise<unknown[]> {
  return (await (await beside.fetch("http://server")).json()) as unknown[];
}

describe("rows beside the client", () => {
  test("are those of the answer, in their order, and the client is given one for them and all else", async () => {
    const beside = answering(JSON.stringify(told));
    expect(await given(beside)).toEqual([
      { key: "1", value: {}, headers: { operation: "insert" } },
      { headers: { control: "snapshot-end", xmin: "1" } },
    ]);
    expect(beside.take("1")).toEqual([
      { key: '"public"."t"/"1"', operation: "insert", value: { serial: "1", note: null } },
      { key: '"public"."t"/"2"', operation: "delete", value: { serial: "2" } },
    ]);
  });

  test("are kept for each answer, also where several were fetched ahead, and are taken once", async () => {
    const beside = answering(JSON.stringify(told));
    await given(beside);
    await given(beside);
    expect(beside.take("2")).toHaveLength(2);
    expect(beside.take("1")).toHaveLength(2);
    expect(() => beside.take("1")).toThrow("no rows wait under 1");
  });

  test("leave status and headers of the answer as they are", async () => {
    const headers = { "electric-handle": "1-1", "electric-offset": "0_0" };
    const response = await answering(JSON.stringify(told), { headers }).fetch("http://server");
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject(headers);
  });

  test.each([
    ["no rows", 200, JSON.stringify([{ headers: { control: "up-to-date" } }])],
    ["no list", 200, '{"key":"1"}'],
    ["no JSON", 200, "<html>"],
    ["another status", 409, JSON.stringify(told)],
  ])("are none where the answer has %s: the client reads it as it came", async (_, status, body) => {
    const response = await answering(body, { status }).fetch("http://server");
    expect([response.status, await response.text()]).toEqual([status, body]);
  });
});
