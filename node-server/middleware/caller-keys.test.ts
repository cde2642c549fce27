/** The keys of an issuer over HTTP: a real one, that rotates its keys, is slow, fails, and goes away. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JWK } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keysOfUrl } from "./caller-keys.ts";
import { requireCaller } from "./caller.ts";
import type { CallerVariables } from "./caller.ts";
import { findPeer } from "./peer.ts";
import { Problem, problemResponse } from "./problem.ts";
import { createRateGuard } from "./rates.ts";

const freshMs = 60_000;
const pauseMs = 10_000;
const mostAgeMs = 3_600_000;

let issuer: Server;
let answers: { status: number; body: string; afterMs: number };
let asked: number;
let port: number;
let now: number;

beforeEach(async () => {
  answers = { status: 200, body: JSON.stringify({ keys: [] }), afterMs: 0 };
  asked = 0;
  now = 0;
  issuer = createServer((_request, response) => {
    asked += 1;
    const { status, body, afterMs } = answers;
    setTimeout(() => response.writeHead(status, { "content-type": "application/json" }).end(body), afterMs);
  });
  await begin(0);
  port = (issuer.address() as AddressInfo).port;
  return end;
});

async function begin(at: number): Promise<void> {
  issuer.listen(at, "127.0.0.1");
  await once(issuer, "listening");
}

async function end(): Promise<void> {
  if (!issuer.listening) return;
  issuer.closeAllConnections();
  await new Promise((resolve) => issuer.close(resolve));
}

afterEach(end);

interface Key {
  readonly jwk: JWK;
  readonly token: () => Promise<string>;
}

async function createKey(kid: string): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg: "EdDSA" },
    token: () =>
      new SignJWT({ client_id: "welfare", scope: "vouchers:read" })
        .setProtectedHeader({ alg: "EdDSA", kid })
        .setAudience("paypost")
        .setExpirationTime("1h")
        // Each is another one: a token that was believed a moment ago is not verified again.
        .setJti(crypto.randomUUID())
        .sign(privateKey),
  };
}

function publish(...keys: readonly Key[]): void {
  answers.body = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
}

/** Asks a server of the issuer's with a token, and gives its status. */
function createAsk(): (key: Key) => Promise<number> {
  const askWith = createAskWith();
  return async (key) => askWith(await key.token());
}

function createAskWith(): (token: string) => Promise<number> {
  const url = new URL(`http://127.0.0.1:${port}/jwks.json`);
  const keys = keysOfUrl(url, { now: () => now, timeoutMs: 300, freshMs, pauseMs, mostAgeMs });
  const app = new Hono<CallerVariables>();
  app.onError((error, c) => {
    if (error instanceof Problem) return problemResponse(c, error);
    throw error;
  });
  app.use(findPeer({ isProxy: () => false, isXRoadServer: () => false }));
  const rules = { keys, audience: "paypost", issuer: undefined };
  const findXRoadClient = () => Promise.resolve(undefined);
  const rates = createRateGuard(undefined, Date.now);
  app.use(requireCaller({ rules, findXRoadClient, rates, scopeOf: () => "vouchers:read", now: () => now }));
  app.get("/", (c) => c.text("in"));
  return async (token) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await app.fetch(new Request("http://server/", { headers }), {});
    if (response.status === 503) expect(response.headers.get("retry-after")).toBe("30");
    return response.status;
  };
}

test("the keys are fetched once and kept while they are fresh", async () => {
  const key = await createKey("one");
  publish(key);
  const ask = createAsk();
  expect(await Promise.all(Array.from({ length: 20 }, () => ask(key)))).toEqual(
    Array.from({ length: 20 }, () => 200),
  );
  now = freshMs - 1;
  await ask(key);
  expect(asked).toBe(1);
  now = freshMs + 1;
  expect(await ask(key)).toBe(200);
  expect(asked).toBe(2);
});

test("a new key is found when a token names it, and the old one counts as long as it is published", async () => {
  const [old, next] = [await createKey("old"), await createKey("new")];
  publish(old);
  const ask = createAsk();
  expect(await ask(old)).toBe(200);
  publish(old, next);
  now = pauseMs;
  expect(await ask(next)).toBe(200);
  expect(await ask(old)).toBe(200);
  publish(next);
  now += freshMs + 1;
  expect(await ask(old)).toBe(401);
});

test("a token is believed for a minute before its key is looked at again", async () => {
  const key = await createKey("one");
  publish(key);
  const askWith = createAskWith();
  const token = await key.token();
  now = freshMs - 1;
  expect(await askWith(token)).toBe(200);
  publish();
  now += 59_999;
  expect(await askWith(token)).toBe(200);
  expect(asked).toBe(1);
  now += 2;
  expect(await askWith(token)).toBe(401);
  expect(asked).toBe(2);
});

test("tokens with keys that nobody has do not have the issuer asked again and again", async () => {
  const [key, unknown] = [await createKey("one"), await createKey("forged")];
  publish(key);
  const ask = createAsk();
  await ask(key);
  now = pauseMs;
  for (let time = 0; time < 50; time += 1) expect(await ask(unknown)).toBe(401);
  expect(asked).toBe(2);
});

test("an issuer that is away keeps nobody out whose key was known, and is asked again from time to time", async () => {
  const key = await createKey("one");
  publish(key);
  const ask = createAsk();
  expect(await ask(key)).toBe(200);
  await end();
  now = freshMs + 1;
  expect(await ask(key)).toBe(200);
  now += 600_000;
  expect(await ask(key)).toBe(200);
  await begin(port);
  now += pauseMs;
  expect(await ask(key)).toBe(200);
  expect(asked).toBe(2);
});

test.each([
  ["does not answer in time", { afterMs: 1000 }],
  ["fails", { status: 500 }],
  ["answers with what is no key set", { body: "<html>sign in</html>" }],
  ["sends elsewhere", { status: 302 }],
])("an issuer that %s is as good as away", async (_claim, wrong) => {
  const key = await createKey("one");
  publish(key);
  const ask = createAsk();
  expect(await ask(key)).toBe(200);
  answers = { ...answers, ...wrong };
  now = freshMs + 1;
  expect(await ask(key)).toBe(200);
  expect(asked).toBe(2);
});

test("without any keys it is 503, not 401 or 500, until the issuer is there", async () => {
  const key = await createKey("one");
  publish(key);
  await end();
  const ask = createAsk();
  expect(await ask(key)).toBe(503);
  await begin(port);
  now = 1_000;
  expect(await ask(key)).toBe(200);
});

test("while the issuer is away, a key that nobody knows may be a new one: 503", async () => {
  const [old, next] = [await createKey("old"), await createKey("new")];
  publish(old);
  const ask = createAsk();
  expect(await ask(old)).toBe(200);
  await end();
  now = pauseMs;
  expect(await ask(next)).toBe(503);
  expect(await ask(old)).toBe(200);
});

test("keys that could not be fetched for too long count no more", async () => {
  const key = await createKey("one");
  publish(key);
  const ask = createAsk();
  expect(await ask(key)).toBe(200);
  await end();
  now = mostAgeMs + 1;
  expect(await ask(key)).toBe(503);
});
