/** Callbacks over real HTTP: signed, sent until they are answered, visible while they are not, and sent again. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createPublicKey, verify } from "node:crypto";
import type { JsonWebKey } from "node:crypto";
import { httpbis } from "http-message-signatures";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { fundForTest, testStore } from "../../test/support/funding.ts";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";
import { fundGroup } from "../ledger/entries.ts";
import { listCallbacks, resendCallbacks } from "../postgres/callback-admin.ts";
import { putInstitution, putVoucherGroup } from "../postgres/registry-admin.ts";
import { deliverCallback } from "./deliver.ts";
import { createSend } from "./send.node.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await putVoucherGroup(server.client.pool, { code: "FOO", name: "Food", validityDays: 30 });
  await fundForTest(server.client.pool, fundGroup("t", "FOO", { amountMinor: 1_000_000n, currency: "USD" }));
});

afterAll(() => server.close());

describe("a callback", () => {
  test("is signed with the key that the server publishes", async () => {
    await server.institution.createVouchers("FOO", [1]);
    const { headers, method, path, text } = lastReceived();
    const jwks = (await (await fetch(`${server.url}/.well-known/jwks.json`)).json()) as {
      keys: JsonWebKey[];
    };
    const [jwk] = jwks.keys;
    const key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
    const verdict = await httpbis.verifyMessage(
      {
        keyLookup: ({ keyid }) =>
          Promise.resolve({
            id: String(keyid),
            algs: ["ed25519"],
            verify: (data, signature) => Promise.resolve(verify(null, data, key, signature)),
          }),
        maxAge: 60,
        requiredFields: ["@method", "@target-uri", "content-type", "content-digest"],
      },
      { method, url: new URL(path, server.receiver.url).href, headers },
    );
    expect(verdict).toBe(true);
    expect(jwk).not.toHaveProperty("d");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    expect(headers["content-digest"]).toBe(`sha-256=:${Buffer.from(digest).toString("base64")}:`);
  });

  test("that is refused is listed with its tries and its answer, and sent again until it is taken", async () => {
    server.receiver.refuseNext(2);
    const requestID = await requestVouchers();
    await vi.waitUntil(async () => (await undelivered()).some(({ tries }) => tries > 0), { timeout: 10_000 });
    expect(await undelivered()).toMatchObject([
      { kind: "batch", state: "waiting", lastError: "answered 503" },
    ]);
    await server.receiver.waitFor(({ body }) => body["requestID"] === requestID);
    await vi.waitUntil(async () => (await undelivered()).length === 0, { timeout: 10_000 });
  });

  test("is sent to the published path under the base URL that an institution registered", async () => {
    await register({ callbackBaseUrl: `${server.receiver.url}/base/` });
    const requestID = await requestVouchers({ "X-Callback-URL": `${server.receiver.url}/base/mine` });
    const { path } = await server.receiver.waitFor(({ body }) => body["requestID"] === requestID);
    expect(path).toBe(`${new URL(server.receiver.url).pathname}/base/voucher-details-return`);
    const elsewhere = { "X-Callback-URL": `${server.receiver.url}/base-of-somebody-else` };
    expect((await postVouchers(server.institution.nextRequestId(), elsewhere)).status).toBe(400);
    await register({});
  });

  test("goes by PUT to callers of the profile phee, whose requests are acknowledged with 202", async () => {
    await register({ profile: "phee" });
    const requestID = server.institution.nextRequestId();
    expect((await postVouchers(requestID)).status).toBe(202);
    const { method } = await server.receiver.waitFor(({ body }) => body["requestID"] === requestID);
    expect(method).toBe("PUT");
    expect((await postVouchers(requestID)).status).toBe(202);
    await register({});
  });

  test("does not follow a redirect", async () => {
    const hits: string[] = [];
    const redirecting = createServer((request, response) => {
      hits.push(request.url ?? "");
      response.writeHead(307, { location: "/elsewhere" }).end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => redirecting.once("listening", resolve));
    const { port } = redirecting.address() as AddressInfo;
    await requestVouchers({ "X-Callback-URL": `http://127.0.0.1:${port}/mine` });
    await vi.waitUntil(async () => (await undelivered()).some(({ tries }) => tries > 0), { timeout: 10_000 });
    expect(await undelivered()).toMatchObject([{ lastError: "answered 307" }]);
    expect(new Set(hits)).toEqual(new Set(["/mine"]));
    redirecting.close();
  });

  test("is given up after three days with an alert; an operator or the institution sends it again", async () => {
    const [waiting] = await undelivered();
    const id = BigInt(waiting?.id ?? 0);
    const { pool } = server.client;
    await pool.query(`update callbacks set requested_at = requested_at - interval '73 hours' where id = $1`, [
      id,
    ]);
    const refuse = { send: () => Promise.reject(new Error("nobody there")), sign: () => Promise.resolve({}) };
    await deliverCallback({ ...refuse, store: testStore(pool), compose: () => Promise.resolve({}) }, id);
    expect(await undelivered()).toMatchObject([{ state: "undeliverable", lastError: "nobody there" }]);
    const alert = [`callback:${id}`];
    const open = `select from alerts where subject = $1 and ended_at is null`;
    expect((await pool.query(open, alert)).rowCount).toBe(1);
    await pool.query(`update callbacks set url = $2 where id = $1`, [id, server.receiver.url]);
    const before = server.receiver.received.length;
    const resent = await server.institution.call("POST", `/callbacks/${id}/resend`);
    expect(resent).toEqual({ status: 200, body: { id: String(id), state: "waiting" } });
    await vi.waitUntil(() => server.receiver.received.length > before, { timeout: 10_000 });
    expect(await resendCallbacks(pool, { id }, "ana")).toBe(1);
    expect((await pool.query(open, alert)).rowCount).toBe(0);
    await vi.waitUntil(() => server.receiver.received.length > before + 1, { timeout: 40_000 });
    await vi.waitUntil(async () => (await listCallbacks(pool, true)).length === 0, { timeout: 10_000 });
  });

  test("of another institution is neither listed nor sent again", async () => {
    const authorization = `Bearer ${await server.issuer.token("stranger")}`;
    const headers = { authorization, "X-Registering-Institution-ID": "stranger" };
    const resent = await server.institution.call("POST", "/callbacks/1/resend", undefined, headers);
    expect(resent.status).toBe(404);
  });
});

describe("where a callback may go", () => {
  test.each([
    "http://127.0.0.1:3999/",
    "http://[::1]:3999/",
    "http://[::ffff:127.0.0.1]:3999/",
    "http://localhost:3999/",
  ])("%s is refused when it is about to be connected to", async (url) => {
    const send = createSend(false);
    const failure = await send(url, { method: "POST", body: "{}" }).catch((error: unknown) => error);
    const cause = failure instanceof Error ? (failure.cause ?? failure) : failure;
    expect(String(cause)).toContain("not public");
  });
});

function lastReceived() {
  const last = server.receiver.received.at(-1);
  if (!last) throw new Error("nothing was received");
  return last;
}

async function undelivered(): Promise<{ id: string; tries: number }[]> {
  const { body } = await server.institution.call("GET", "/callbacks");
  return body["callbacks"] as { id: string; tries: number }[];
}

function register(change: { callbackBaseUrl?: string; profile?: "phee" }): Promise<void> {
  const { id, keys } = server.institution;
  const institution = { id, name: id, callbackBaseUrl: null, boxPublicKey: keys.publicKey };
  return putInstitution(server.client.pool, { ...institution, ...change });
}

async function requestVouchers(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const requestID = server.institution.nextRequestId();
  const answer = await postVouchers(requestID, headers);
  expect(answer.status).toBe(200);
  return requestID;
}

function postVouchers(requestID: string, headers: Readonly<Record<string, string>> = {}) {
  const voucherInstructions = [{ instructionID: "1", groupCode: "FOO", currency: "USD", amount: 1 }];
  const body = { requestID, batchID: requestID, voucherInstructions };
  return server.institution.call("POST", "/vouchers", body, headers);
}
