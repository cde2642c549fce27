/**
 * Every call × no token, a token for somebody else, one that has run out, one without the scope, another institution's name and
 * data; for nodes a replayed assertion, a session that has run out, a revoked node. The table is in docs/security.md.
 */
import { readFileSync } from "node:fs";
import nacl from "tweetnacl";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeSessionAssertion } from "#sync/documents/session-assertion.ts";
import type { SessionAssertion } from "#sync/documents/session-assertion.ts";
import { signDocumentSync } from "#sync/signing/cose.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { noJobs } from "../jobs/no-jobs.ts";
import { accessRows, callerCalls, nodeCalls, publicCalls } from "../../test/support/access-table.ts";
import { Agency, payment } from "../../test/support/agency.ts";
import { BareNode } from "../../test/support/bare-node.ts";
import { fundForTest } from "../../test/support/funding.ts";
import { Institution } from "../../test/support/institution.ts";
import { allScopes, createIssuer } from "../../test/support/issuer.ts";
import type { Issuer } from "../../test/support/issuer.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { issueEnrolmentCode } from "../nodes/enrol.ts";
import { revokeNode } from "../nodes/revoke.ts";
import { createPostgresStore } from "../postgres/store.ts";
import { putMerchant, putVoucherGroup } from "../postgres/registry-admin.ts";

let server: TestServer;
let forger: Issuer;
let node: BareNode;
let stranger: Institution;

beforeAll(async () => {
  server = await startTestServer();
  forger = await createIssuer();
  const { pool } = server.client;
  await putVoucherGroup(pool, { code: "FOO", name: "Food", validityDays: 30 });
  await putMerchant(pool, { id: "shop-1", name: "Shop 1", accepts: ["FOO"] });
  await fundForTest(pool, fundGroup("t-1", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
  node = await enrol();
  const { issuer, receiver, url } = server;
  stranger = new Institution("health", url, issuer, receiver, nacl.box.keyPair());
  await stranger.register(pool);
});

afterAll(() => server.close());

const store = () =>
  createPostgresStore({
    pool: server.client.pool,
    jobs: noJobs,
  });

async function enrol(): Promise<BareNode> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const wish = { merchantId: "shop-1", nodeName: "till", validHours: 1 };
  const enrolled = await BareNode.enrol(server.url, await issueEnrolmentCode(store(), random, wish));
  await enrolled.openSession();
  return enrolled;
}

/** Asks with the words of a table's row; whatever is named in its path is `1`. */
async function ask(
  row: string,
  authorization: string | undefined,
  headers: Readonly<Record<string, string>> = {},
  names: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const [method = "", pattern = ""] = row.split(" ");
  const path = pattern.replaceAll(/:([A-Za-z]+)/g, (_whole, name: string) => names[name] ?? "1");
  const response = await fetch(server.url + path, {
    method,
    headers: {
      "content-type": "application/json",
      ...(authorization === undefined ? {} : { authorization }),
      ...headers,
    },
    ...(method === "GET" ? {} : { body: "{}" }),
  });
  return { status: response.status, text: await response.text() };
}

const bearer = async (claims: Parameters<Issuer["token"]>[1], issuer = server.issuer) =>
  `Bearer ${await issuer.token("welfare", claims)}`;

test("every call that the server answers is in the table, and nothing else", async () => {
  const ofRoutes = server.routes
    // The operators' console has people with roles, and a table of its own.
    .filter(({ method, path }) => method !== "ALL" && !path.startsWith("/console"))
    .map(({ method, path }) => `${method} ${path}`);
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { security?: Record<string, unknown>[] }>>;
  };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      name: `${method.toUpperCase()} ${path.replaceAll(/\{([A-Za-z]+)\}/g, ":$1")}`,
      as: Object.keys(security?.[0] ?? { everybody: [] })[0],
    })),
  );
  const withoutNames = (name: string) => name.replaceAll(/:[A-Za-z]+/g, ":x").replace(/\?.*/, "");
  const listed = [...Object.keys(callerCalls), ...Object.keys(nodeCalls), ...Object.keys(publicCalls)];
  const answered = new Set([...ofRoutes, ...described.map(({ name }) => name)].map(withoutNames));
  expect([...new Set(listed.map(withoutNames))].toSorted()).toEqual([...answered].toSorted());
  const lists = { caller: callerCalls, node: nodeCalls, everybody: publicCalls };
  for (const { name, as } of described)
    expect(Object.keys(lists[as as keyof typeof lists]).map(withoutNames)).toContain(withoutNames(name));
});

test("the tables of docs/security.md say the same", () => {
  const text = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
  const section = text.slice(text.indexOf("## Who may ask what"));
  const cells = (line: string) => line.split("|").slice(1, -1);
  const rows = section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => cells(line).map((cell) => cell.trim()));
  expect(rows).toEqual(accessRows());
});

describe.each(Object.entries(callerCalls))("%s", (row, { scope }) => {
  test("without a valid token is 401", async () => {
    const refused: Record<string, string | undefined> = {
      none: undefined,
      "another scheme": "Basic d2VsZmFyZTp4",
      "for another audience": await bearer({ audience: "elsewhere" }),
      "that has run out": await bearer({ expires: "-1s" }),
      "by another issuer": await bearer({}, forger),
      unsigned: unsigned(),
      "of a node": node.authorization,
    };
    for (const [what, authorization] of Object.entries(refused))
      expect([what, (await ask(row, authorization)).status]).toEqual([what, 401]);
  });

  test("with every scope but its own is 403", async () => {
    const others = allScopes.split(" ").filter((other) => other !== scope);
    const { status, text } = await ask(row, await bearer({ scope: others.join(" ") }));
    expect(status).toBe(403);
    expect(text).toContain(`lacks the scope ${scope}`);
  });

  test("under another institution's name is 403", async () => {
    const { status } = await ask(row, await bearer({}), { "X-Registering-Institution-ID": "health" });
    expect(status).toBe(403);
  });
});

function unsigned(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { client_id: "welfare", scope: allScopes, aud: "paypost", exp: Date.now() / 1000 + 3600 };
  return `Bearer ${encode({ alg: "none" })}.${encode(claims)}.`;
}

describe("another institution's data", () => {
  const names: Record<string, string> = {};
  const nowhere: Record<string, string> = {
    serialNumber: "999999999999999",
    serial: "999999999999999",
    batchID: "none",
    id: "999999",
    payeeIdentity: "NOBODY",
    requestID: "none",
    batchId: "00000000-0000-4000-8000-000000000000",
    requestId: "i-9",
  };

  beforeAll(async () => {
    const { institution, client, receiver } = server;
    const [voucher] = await institution.createVouchers("FOO", [5]);
    const serialNumber = voucher?.serialNumber ?? "";
    const batch = await client.pool.query<{ batch_id: string }>("select batch_id from voucher_batches");
    const requestID = institution.nextRequestId();
    await institution.call("POST", "/beneficiary", {
      requestID,
      beneficiaries: [
        { payeeIdentity: "P-SECRET", paymentModality: "01", financialAddress: "+254700000001" },
      ],
    });
    await receiver.waitFor(({ body }) => body["registerRequestID"] === requestID);
    const agency = new Agency(institution);
    await agency.setUp(client.pool);
    const batchId = await agency.batch([payment(1)]);
    const { rows } = await client.pool.query<{ id: bigint }>("select id from callbacks order by id limit 1");
    Object.assign(names, {
      serialNumber,
      serial: serialNumber,
      batchID: batch.rows[0]?.batch_id ?? "",
      id: String(rows[0]?.id),
      payeeIdentity: "P-SECRET",
      requestID,
      batchId,
      requestId: "1",
    });
  });

  const withData = Object.entries(callerCalls).filter(
    ([, { others }]) => others === "as if there were none" || others === "403",
  );

  test.each(withData)("%s", async (row, { others }) => {
    const query = row.endsWith("beneficiary")
      ? (of: typeof names) => `${row}?requestId=q&payeeIdentity=${of["payeeIdentity"]}`
      : row.endsWith("/detail")
        ? (of: typeof names) => `${row}?batchId=${of["batchId"]}`
        : () => row;
    const asking = async (id: string) => ({
      authorization: `Bearer ${await server.issuer.token(id)}`,
      headers: {
        "X-Registering-Institution-ID": id,
        "X-PayerFI-Id": id,
        "X-billerId": id,
        "X-Platform-TenantId": "t",
        "X-CorrelationID": `c-${id}`,
        "X-Callback-URL": server.receiver.url,
      },
    });
    const { authorization, headers } = await asking(stranger.id);
    const real = await ask(query(names), authorization, headers, names);
    if (others === "403") expect(real.status).toBe(403);
    else {
      const unknown = await ask(query(nowhere), authorization, headers, nowhere);
      expect(real.status).toBe(unknown.status);
      expect(real.status).toBeGreaterThanOrEqual(400);
    }
    expect(real.text).not.toMatch(/254700000001|welfare|"amount"/);
    // What its own institution is told is something else, so that the request itself was right.
    const owner = await asking("welfare");
    const own = await ask(query(names), owner.authorization, owner.headers, names);
    if (row.startsWith("GET")) expect([own.status, own.text]).not.toEqual([real.status, real.text]);
  });
});

describe.each(Object.entries(nodeCalls))("%s", (row, { revoked }) => {
  test("without a session is 401: none, one that nobody opened, one that has run out, or a caller's token", async () => {
    const late = await enrol();
    await server.client.pool.query("update node_sessions set expires_at = now() where node_id = $1", [
      late.identity.nodeId,
    ]);
    const refused = [undefined, "Bearer nonsense", late.authorization, await bearer({})];
    for (const authorization of refused) expect((await ask(row, authorization)).status).toBe(401);
  });

  test("for a node that was revoked or frozen", async () => {
    for (const status of ["revoked", "frozen"]) {
      const gone = await enrol();
      if (status === "revoked") await revokeNode(store(), gone.identity.nodeId);
      else
        await server.client.pool.query("update nodes set status = 'frozen' where id = $1", [
          gone.identity.nodeId,
        ]);
      if (revoked === 200) {
        const sent = await gone.upload([gone.payBill("B-1", 100n)]);
        expect(sent.status).toBe(200);
        expect(sent.verdicts?.verdicts[0]).toMatchObject({ status: "held", reason: `node-${status}` });
      } else {
        const answer = await ask(row, gone.authorization);
        expect([answer.status, answer.text]).toEqual([403, expect.stringContaining(`node-${status}`)]);
      }
    }
  });
});

describe("POST /v1/sessions", () => {
  test("an assertion works once, and an older one not at all", async () => {
    const [older, newer] = [node.assertion(), node.assertion()];
    expect((await node.openSession(newer)).status).toBe(200);
    for (const assertion of [newer, older])
      expect(await node.openSession(assertion)).toMatchObject({
        status: 401,
        body: { code: "stale-assertion" },
      });
  });

  test("nor one for another generation, by another node's key, of nobody, or that was changed", async () => {
    const other = await enrol();
    const { nodeId } = node.identity;
    const signed = (of: BareNode, claims: Partial<SessionAssertion>) =>
      signDocumentSync(
        createSyncSigner("session-assertion", of.seed),
        encodeSessionAssertion({ nodeId, counter: 1_000_000, audience: "1", report: null, ...claims }),
      ).bytes;
    const changed = Uint8Array.from(signed(node, {}));
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    const refused = {
      "another generation": signed(node, { audience: "2" }),
      "another key": signed(other, {}),
      nobody: signed(node, { nodeId: "01890000-0000-7000-8000-000000000000" }),
      changed,
      "no document": new Uint8Array([1, 2, 3]),
    };
    for (const [what, assertion] of Object.entries(refused))
      expect([what, (await node.openSession(assertion)).status]).toEqual([what, 401]);
    expect((await node.openSession(signed(node, {}))).status).toBe(200);
  });
});

test("POST /v1/enrolments: a code that was used, has run out or never was, and a proof by another key, are 403", async () => {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const wish = { merchantId: "shop-1", nodeName: "till", validHours: 1 };
  const used = await issueEnrolmentCode(store(), random, wish);
  await BareNode.enrol(server.url, used);
  const late = await issueEnrolmentCode(store(), random, wish);
  await server.client.pool.query(
    "update enrolment_codes set expires_at = now() - interval '1 second' where node_id is null",
  );
  const good = await issueEnrolmentCode(store(), random, wish);
  const keys = nacl.sign.keyPair();
  const other = nacl.sign.keyPair();
  const refused = [
    [used, keys, "used-code"],
    [late, keys, "expired-code"],
    ["AAAA-AAAA-AAAA", keys, "unknown-code"],
    [good, other, "bad-proof"],
  ] as const;
  for (const [code, by, refusal] of refused) {
    const proof = nacl.sign.detached(Buffer.from(`paypost/1/enrolment-proof/${code}`), by.secretKey);
    const body = { code, publicKey: base64(keys.publicKey), proof: base64(proof) };
    const response = await fetch(`${server.url}/v1/enrolments`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([403, refusal]);
  }
});

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
