/** The second line between institutions: a query without its where clause, run as a caller's, finds the caller's rows only. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import nacl from "tweetnacl";
import { Agency, payment } from "../../test/support/agency.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { Institution } from "../../test/support/institution.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { asInstitution } from "../acting-institution.ts";
import { noJobs } from "../jobs/no-jobs.ts";
import { createPostgresStore } from "./store.ts";
import { createDatabaseClient } from "./pool.ts";
import { callerRole, ensureCallerRole } from "./caller-role.ts";
import { inTransaction } from "./transaction.ts";
import { putVoucherGroup } from "./registry-admin.ts";

let server: TestServer;
let other: Institution;

const held = [
  "voucher_batches",
  "voucher_commands",
  "api_requests",
  "sealed_answers",
  "callbacks",
  "payee_contacts",
  "payees",
  "mapper_requests",
  "disbursement_batches",
  "disbursement_terms",
  "batch_signatories",
];

beforeAll(async () => {
  server = await startTestServer();
  const { client, issuer, receiver, url, institution } = server;
  await putVoucherGroup(client.pool, { code: "FOO", name: "Food", validityDays: 30 });
  await fundForTest(client.pool, fundGroup("t-1", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
  other = new Institution("health", url, issuer, receiver, nacl.box.keyPair());
  await other.register(client.pool);
  for (const who of [institution, other]) {
    const [voucher] = await who.createVouchers("FOO", [5]);
    await who.activate([voucher?.serialNumber ?? ""]);
    const requestID = who.nextRequestId();
    const beneficiaries = [
      { payeeIdentity: "P-1", paymentModality: "01", financialAddress: "+254700000001" },
    ];
    await who.call("POST", "/beneficiary", { requestID, beneficiaries });
    await receiver.waitFor(({ body }) => body["registerRequestID"] === requestID);
    const agency = new Agency(who);
    await agency.setUp(client.pool);
    await agency.batch([payment(who === other ? 2 : 1)]);
    const order = {
      voucher_amount: "1",
      voucher_currency: "USD",
      voucher_group: "FOO",
      Gov_Stack_BB: who.id,
    };
    const correlated = { "X-CorrelationID": crypto.randomUUID() };
    await who.call("POST", "/vouchers/voucher_preactivation", order, correlated);
    await client.pool.query(
      "insert into payee_contacts (institution_id, payee_functional_id, channel, address, language) values ($1, 'P', 'sms', '+1', 'en')",
      [who.id],
    );
  }
});
afterAll(() => server.close());

/** As a caller's transaction does it. */
function asCaller<T>(
  institution: string,
  work: (query: (text: string) => Promise<unknown[]>) => Promise<T>,
): Promise<T> {
  return inTransaction(server.client.pool, "begin", async (connection) => {
    await connection.query(
      "select set_config('paypost.institution', $1, true), set_config('role', $2, true)",
      [institution, callerRole],
    );
    return work(async (text) => (await connection.query(text)).rows);
  });
}

describe.each(held)("%s", (table) => {
  test("both institutions have rows, and without a where clause each finds its own", async () => {
    const { rows } = await server.client.pool.query<{ institution_id: string }>(
      `select distinct institution_id from ${table} order by 1`,
    );
    expect(rows.map((row) => row.institution_id)).toEqual(["health", "welfare"]);
    for (const id of ["health", "welfare"])
      expect(await asCaller(id, (query) => query(`select distinct institution_id from ${table}`))).toEqual([
        { institution_id: id },
      ]);
  });

  test("who acts for nobody finds nothing", async () => {
    expect(await asCaller("", (query) => query(`select from ${table}`))).toEqual([]);
  });

  test("another's rows are not changed", async () => {
    const changed = await asCaller("health", (query) =>
      query(
        `update ${table} set institution_id = institution_id where institution_id = 'welfare' returning 1`,
      ),
    );
    expect(changed).toEqual([]);
  });

  test("nor is a row of another's made", async () => {
    const columns = await server.client.pool.query<{ names: string }>(
      `select string_agg(quote_ident(attname), ',') as names from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity = ''
         and attname <> 'institution_id'`,
      [table],
    );
    const names = columns.rows[0]?.names ?? "";
    const copy = `insert into ${table} (${names}, institution_id) select ${names}, 'welfare' from ${table} limit 1`;
    await expect(asCaller("health", (query) => query(copy))).rejects.toMatchObject({ code: "42501" });
  });
});

describe("a call that is about others too", () => {
  const ofBothParties = new Set([
    "voucher_batches",
    "callbacks",
    "payee_contacts",
    "payees",
    "mapper_requests",
    "disbursement_batches",
    "disbursement_terms",
  ]);

  test.each(held)(
    "%s: finds what its parties have, and of what callers ask and are told its own",
    async (table) => {
      const found = await asCaller("health", async (query) => {
        await query("select set_config('paypost.about_others', 'on', true)");
        return query(`select distinct institution_id from ${table} order by 1`);
      });
      const both = [{ institution_id: "health" }, { institution_id: "welfare" }];
      expect(found).toEqual(ofBothParties.has(table) ? both : both.slice(0, 1));
    },
  );
});

test("a statement that is prepared on a connection finds whose rows it may, whoever it was planned for", async () => {
  const oneConnection = createDatabaseClient(server.databaseUrl, { warn: () => {} }, { max: 1 });
  const store = createPostgresStore({ pool: oneConnection.pool, jobs: noJobs, heldToInstitution: true });
  const { rows } = await server.client.pool.query<{ serial: bigint }>("select serial from vouchers");
  const found = async () => {
    const vouchers = rows.map(({ serial }) => store.transaction((tx) => tx.vouchers.find(serial)));
    const institutions = (await Promise.all(vouchers)).map((voucher) => voucher?.institutionId);
    return [...new Set(institutions)].filter((id) => id !== undefined).toSorted();
  };
  const foundBy = (id: string) => asInstitution({ id, isAboutOthers: false }, found);
  // More often than PostgreSQL plans a statement anew.
  for (let time = 0; time < 8; time += 1) {
    expect(await found()).toEqual(["health", "welfare"]);
    expect(await foundBy("health")).toEqual(["health"]);
    expect(await foundBy("welfare")).toEqual(["welfare"]);
  }
  for (let time = 0; time < 8; time += 1) expect(await foundBy("health")).toEqual(["health"]);
  expect(await found()).toEqual(["health", "welfare"]);
  expect(await foundBy("welfare")).toEqual(["welfare"]);
  await oneConnection.close();
});

test("every table with an institution's rows is held, or is named as one that is not", async () => {
  const { rows } = await server.client.pool.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where a.attname = 'institution_id' and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
       and not c.relrowsecurity order by 1`,
  );
  expect(rows.map(({ name }) => name)).toEqual(notHeld.toSorted());
});

/** The registry, what several institutions are parties of, and what only jobs and operators read. */
const notHeld = [
  "default_receivers",
  "disbursement_chunks",
  "disbursement_fees",
  "funds_questions",
  "institution_permissions",
  "node_programmes",
  "payer_banks",
  "programme_areas",
  "redemption_requests",
  "wrong_numbers",
  "x_road_clients",
];

test("a server that starts again finds the role as it made it", async () => {
  expect(await ensureCallerRole(server.client.pool)).toBe(true);
});

test("the role cannot sign in, make roles or pass the policies by", async () => {
  const { rows } = await server.client.pool.query(
    "select rolcanlogin, rolcreaterole, rolsuper, rolbypassrls from pg_roles where rolname = $1",
    [callerRole],
  );
  expect(rows).toEqual([{ rolcanlogin: false, rolcreaterole: false, rolsuper: false, rolbypassrls: false }]);
});
