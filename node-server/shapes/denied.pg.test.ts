/** How much the deny list costs on the wire (design section 2: at most 3 bytes for each live at-risk voucher). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSerialSet } from "#sync/serial-set.ts";
import { openShapeBench } from "../../test/support/shapes.ts";
import type { ShapeBench } from "../../test/support/shapes.ts";

let bench: ShapeBench;
let address: string;

beforeAll(async () => {
  bench = await openShapeBench();
  address = await bench.serve(bench.newSource());
  await bench.pool.query("insert into voucher_groups (code, name, at_risk) values ('RSK', 'At risk', true)");
});

afterAll(() => bench.close());

/** `spread`: one serial in so many is an at-risk voucher; `part`: one live voucher in so many must be denied. */
describe.each([
  { live: 10_000, spread: 1, part: 2 },
  { live: 10_000, spread: 1, part: 1 },
  { live: 10_000, spread: 300, part: 1 },
  { live: 100_000, spread: 1, part: 2 },
  { live: 100_000, spread: 1, part: 1 },
  { live: 100_000, spread: 300, part: 1 },
  { live: 100_000, spread: 300, part: 20 },
])("$live live at-risk vouchers, one in $spread serials, of which one in $part must be denied", (crowd) => {
  test("4.2: the whole list takes at most 3 bytes for each live voucher, and is the list", async (context) => {
    const expected = await fill(crowd);
    const response = await fetch(`${address}/denied?offset=-1`, { headers: { authorization: "Bearer all" } });
    const body = await response.text();
    const messages = JSON.parse(body) as { value?: { serials: string } }[];
    const listed = messages.flatMap(({ value }) =>
      value ? (readSerialSet(new Uint8Array(Buffer.from(value.serials, "base64"))) ?? []) : [],
    );
    expect(listed.toSorted((a, b) => Number(a - b))).toEqual(expected);
    const bytes = body.length / crowd.live;
    await context.annotate(`${bytes.toFixed(2)} bytes for each of ${crowd.live}, not compressed`);
    expect(bytes).toBeLessThanOrEqual(3);
  });
});

/** Makes the vouchers as they are after their activation, without the books that stand behind real ones. */
async function fill(crowd: {
  readonly live: number;
  readonly spread: number;
  readonly part: number;
}): Promise<bigint[]> {
  const client = await bench.pool.connect();
  try {
    await client.query(
      "set session_replication_role = replica; delete from shape_denied; delete from vouchers",
    );
    await client.query("set session_replication_role = default");
    await client.query("set session_replication_role = replica");
    // Steps by chance around the spread, from serials that have ten digits.
    const { rows } = await client.query<{ serial: bigint }>(
      `with drawn as (
         select place, 1000000000 + sum(1 + floor(random() * (2 * $2::int - 1)))
           over (order by place) as serial, random() * $3::int < 1 as denied
         from generate_series(0, $1::int - 1) as place
       ), made as (
         insert into vouchers (serial, batch, line, group_code, amount_minor, currency, state, number_index,
           number_verifier, activated_at, expires_at, denied_chunk, denied_since)
         select serial, 1, place, 'RSK', 100, 'USD', case when denied then 'consumed' else 'activated' end,
           int8send(serial::bigint), decode(repeat('00', 16), 'hex'), now(), now() + interval '30 days', place / 1024,
           case when denied then now() end
         from drawn returning serial, denied_since
       ) select serial from made where denied_since is not null order by serial`,
      [crowd.live, crowd.spread, crowd.part],
    );
    await client.query("set session_replication_role = default");
    await client.query("select rewrite_denied(chunk) from generate_series(0, $1::int / 1024) as chunk", [
      crowd.live,
    ]);
    return rows.map(({ serial }) => serial);
  } finally {
    client.release(true);
  }
}
