/** Backpressure on a real server: its connections to the database are all taken, and more and more ask. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startTestServer } from "../../test/support/server.ts";
import type { TestServer } from "../../test/support/server.ts";

const mostWaiting = 3;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mostWaiting });
});
afterAll(() => server.close());

test("when as many wait as may, others get 503 with Retry-After in their API's form, and those who wait are answered", async () => {
  const held = await server.client.pool.connect();
  await held.query("begin; lock table vouchers in access exclusive mode");
  // Each takes a connection and waits for the lock; where there is none left, a place among those who wait for one.
  const ask = () => server.institution.call("GET", "/vouchers").then(({ status }) => status);
  const waiting = Array.from({ length: 30 }, ask);
  try {
    const refused = refusedPaths.map(([path]) => ({ path, status: 503, retryAfter: "1", isItsForm: true }));
    await vi.waitFor(async () => {
      waiting.push(ask());
      expect(await Promise.all(refusedPaths.map(askAt))).toEqual(refused);
    }, 20_000);
    expect((await fetch(`${server.url}/healthcheck`)).status).toBe(200);
  } finally {
    await held.query("rollback");
    held.release();
  }
  const ended = await Promise.all(waiting);
  expect(ended.every((status) => status === 200 || status === 503)).toBe(true);
  expect(ended.filter((status) => status === 200).length).toBeGreaterThan(mostWaiting);
  expect((await server.institution.call("GET", "/vouchers")).status).toBe(200);
});

async function askAt([path, isItsForm]: (typeof refusedPaths)[number]) {
  const response = await fetch(server.url + path, { method: "POST", body: "{}" });
  const body = (await response.json()) as Readonly<Record<string, unknown>>;
  const retryAfter = response.headers.get("retry-after");
  return { path, status: response.status, retryAfter, isItsForm: isItsForm(body) };
}

const refusedPaths: readonly (readonly [string, (body: Readonly<Record<string, unknown>>) => boolean])[] = [
  ["/vouchers", (body) => body["responseCode"] === "01"],
  ["/vouchers/voucher_preactivation", (body) => typeof body["message"] === "string"],
  ["/v1/sessions", (body) => body["code"] === "unavailable"],
];
