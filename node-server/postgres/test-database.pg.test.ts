import { Client } from "pg";
import { expect, test } from "vitest";
import { createDatabase } from "../../test/support/database.ts";

test("each test file gets a database of its own, and dropping it ends open connections", async () => {
  const [one, two] = await Promise.all([
    createDatabase({ migrate: false }),
    createDatabase({ migrate: false }),
  ]);
  const client = new Client({ connectionString: one.url });
  const ended = new Promise((resolve) => client.on("error", resolve));
  await client.connect();
  await client.query("CREATE TABLE harness_probe (n int)");
  const other = new Client({ connectionString: two.url });
  await other.connect();
  const seen = await other.query("SELECT to_regclass('harness_probe') AS found");
  expect(seen.rows).toEqual([{ found: null }]);
  await other.end();
  await one.drop();
  await ended;
  await two.drop();
});
