/**
 * Hostile requests to every call of the access table: whatever is sent, the answer comes soon, is no failure of the server, and
 * tells nothing of what is inside.
 */
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { noJobs } from "../jobs/no-jobs.ts";
import { callerCalls, nodeCalls, publicCalls } from "../../test/support/access-table.ts";
import { Agency } from "../../test/support/agency.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { almostValid, hostileBodies, hostileTexts } from "../../test/support/hostile.ts";
import type { OpenApi, Schema } from "../../test/support/openapi.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";
import { createPostgresStore } from "../postgres/store.ts";

interface Described {
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> };
}

let server: TestServer;
let api: OpenApi;
let ofCaller: string;
let ofNode: string;

beforeAll(async () => {
  server = await startTestServer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await new Agency(server.institution).setUp(pool);
  const store = createPostgresStore({
    pool,
    jobs: noJobs,
  });
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const wish = { merchantId: "shop-1", nodeName: "till", validHours: 1 };
  const node = await BareNode.enrol(server.url, await issueEnrolmentCode(store, random, wish));
  await node.openSession();
  ofNode = node.authorization;
  api = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi;
});

afterAll(() => server.close());

beforeEach(async () => {
  ofCaller = `Bearer ${await server.issuer.token("welfare")}`;
});

const calls = [...Object.keys(callerCalls), ...Object.keys(nodeCalls), ...Object.keys(publicCalls)];

async function send(
  row: string,
  path: string,
  body?: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [method = ""] = row.split(" ");
  const response = await fetch(server.url + path, {
    method,
    headers: {
      authorization: row in nodeCalls ? ofNode : ofCaller,
      "content-type": "application/json",
      "X-Callback-URL": server.receiver.url,
      "X-Registering-Institution-ID": "welfare",
      "X-Program-ID": "relief",
      "X-PayerFI-Id": "welfare",
      "X-billerId": "welfare",
      "X-Platform-TenantId": "t",
      "X-CorrelationID": crypto.randomUUID(),
      ...headers,
    },
    ...(method === "GET" || body === undefined
      ? {}
      : { body: typeof body === "string" ? body : Uint8Array.from(body) }),
    redirect: "manual",
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  const what = `${row} ${path.slice(0, 200)} ${response.status} ${text.slice(0, 500)}`;
  expect(response.status, what).toBeLessThan(500);
  // The description of the API and the page tell their own.
  if (!path.startsWith("/openapi") && !path.startsWith("/docs")) expect(text, what).not.toMatch(inside);
  expect(response.headers.has("x-injected"), what).toBe(false);
  expect(({} as Record<string, unknown>)["polluted"], what).toBeUndefined();
}

/** Stacks, files, SQL and the words of PostgreSQL and of our libraries. */
const inside =
  /\bat .+:\d+:\d+|node_modules|\/work\/|\.ts\b|root:x:|\b(select|insert into|update) .+ (from|values|set)\b|relation "|violates|syntax error|invalid input syntax|22P02|22021|TypeError|RangeError|ZodError|kysely/i;

function plainPath(row: string): string {
  return (row.split(" ")[1] ?? "").replaceAll(/:[A-Za-z]+/g, "1");
}

const writing = calls.filter((row) => !row.startsWith("GET"));

describe.each(writing)("%s", (row) => {
  test("takes no harm of any body", async () => {
    for (const { body, headers } of Object.values(hostileBodies))
      await send(row, plainPath(row), body, headers);
  });
});

describe.each(writing.filter((row) => !plainPath(row).startsWith("/mobile-money")))("%s", (row) => {
  test("takes no harm of a body that is almost right", async () => {
    const [method = "", pattern = ""] = row.split(" ");
    const described = api.paths[(pattern.split("?")[0] ?? "").replaceAll(/:([A-Za-z]+)/g, "{$1}")];
    const { requestBody } = (described?.[method.toLowerCase()] ?? {}) as unknown as Described;
    const schema = requestBody?.content?.["application/json"]?.schema;
    const bodies =
      schema === undefined ? fc.json() : almostValid(api, schema).map((value) => JSON.stringify(value));
    await fc.assert(
      fc.asyncProperty(bodies, (body) => send(row, plainPath(row), body)),
      { numRuns: 30 },
    );
  });
});

describe.each(calls)("%s", (row) => {
  const path = plainPath(row);
  const isRead = row.startsWith("GET");

  test("takes no harm of what stands in its path, query and headers", async () => {
    const [, pattern = ""] = row.split(" ");
    const body = isRead ? undefined : "{}";
    for (const text of hostileTexts) {
      const word = encodeURIComponent(text.toWellFormed());
      if (pattern.includes(":")) await send(row, pattern.replaceAll(/:[A-Za-z]+/g, word || "%20"), body);
      const mark = path.includes("?") ? "&" : "?";
      const names = [
        "command",
        "page",
        "size",
        "fields",
        "type",
        "offset",
        "serialNumber",
        "payeeIdentity",
        "requestId",
        "batchId",
      ];
      await send(row, `${path}${mark}${names.map((name) => `${name}=${word}`).join("&")}`, body);
      await send(row, `${path}${mark}${word}=1`, body);
      const value = text.replaceAll(/[^\x20-\x7e]/g, "\u00ff").slice(0, 5_000);
      const headers = [
        "X-Callback-URL",
        "X-Program-ID",
        "X-CorrelationID",
        "X-Platform-TenantId",
        "X-Forwarded-For",
        "X-Channel",
      ];
      await send(row, path, body, Object.fromEntries(headers.map((name) => [name, value])));
    }
    for (const word of ["%00", "%ff", "%", "%2e%2e%2f", "%c0%ae", "..%2f..%2f", "%u0041"]) {
      if (pattern.includes(":")) await send(row, pattern.replaceAll(/:[A-Za-z]+/g, word), body);
      await send(row, `${path}${path.includes("?") ? "&" : "?"}command=${word}&${word}`, body);
    }
  });
});

test("the server is as it was: the tables are there and the next voucher is made", async () => {
  const { rows } = await server.client.pool.query<{ there: boolean }>(
    "select to_regclass('vouchers') is not null as there",
  );
  expect(rows[0]?.there).toBe(true);
  expect((await server.institution.call("GET", "/vouchers")).status).toBe(200);
});
