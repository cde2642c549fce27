import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from "kysely";
import { expect, test } from "vitest";
import { keptQuery } from "./kept-query.ts";
import type { Trx } from "./rows.ts";
import type { Database } from "./schema.ts";

test("a kept query is built once, and asked with each caller's values in the place of their own", async () => {
  const asked: { readonly sql: string; readonly parameters: readonly unknown[] }[] = [];
  const db = new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (own) => new PostgresIntrospector(own),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log: ({ query }) => void asked.push({ sql: query.sql, parameters: query.parameters }),
  });
  let built = 0;
  const live = keptQuery((trx, serials: readonly bigint[], merchantId: string) => {
    built += 1;
    return trx
      .selectFrom("claims")
      .select("id")
      .where("merchant_id", "=", merchantId)
      .where("state", "<>", "released")
      .where(sql<boolean>`voucher_serial = any(${serials}::bigint[])`);
  });
  await db.transaction().execute(async (trx: Trx) => {
    await live(trx, [1n, 2n], "shop");
    await live(trx, [], "stall");
  });
  const text =
    `select "id" from "claims" where "merchant_id" = $1 and "state" <> $2 ` +
    `and voucher_serial = any($3::bigint[])`;
  expect(built).toBe(1);
  expect(asked).toEqual([
    { sql: text, parameters: ["shop", "released", [1n, 2n]] },
    { sql: text, parameters: ["stall", "released", []] },
  ]);
});
