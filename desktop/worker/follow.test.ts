/** A till that stays in contact outlasts its server's absence, however long and of whatever kind it is. */
import { expect, onTestFinished, test } from "vitest";
import { webRandomBytes } from "#sync/signing/random.ts";
import { testVoucher } from "../../test/support/authority.ts";
import { startStandIn } from "../../test/support/stand-in-server.ts";
import { createTill } from "../../test/support/till.ts";
import { createNode } from "./node.ts";

test("3: it backs off with full jitter and without end, drops nothing for any class of error, and goes on when the server is back", async () => {
  const server = await startStandIn();
  onTestFinished(() => server.close());
  const { url, authority, nodeId } = server;
  const till = createTill({ serverUrl: url, authority, nodeId });
  server.enrol(till.key.publicKey);
  const voucher = testVoucher(1n);
  till.grant(voucher);
  const { serial, number } = voucher;
  await till.node().redeem({ serial, number, actor: "Ann", offline: true });

  const ways = ["no answer", 500, 503, 429, 404, 400, 403, "nonsense"] as const;
  const failures = 200;
  let calls = 0;
  const failing: typeof fetch = async (...request) => {
    calls += 1;
    if (calls > failures) return fetch(...request);
    const way = ways[calls % ways.length];
    if (way === "no answer") throw new TypeError("fetch failed");
    if (way === "nonsense") return new Response("<html>", { status: 200 });
    return new Response("{}", { status: way ?? 500 });
  };
  const waits: number[] = [];
  const control = new AbortController();
  const node = createNode({
    stores: till.stores,
    key: till.key,
    serverUrl: url,
    clock: till.clock,
    randomBytes: webRandomBytes,
    sleep: async (ms) => void waits.push(ms),
    fetch: failing,
  });
  await node.follow(control.signal, ({ upload }) => {
    if (upload.problem === undefined) control.abort();
    else expect(till.stores.redemptions.countByState()).toMatchObject({ queued: 1 });
  });
  expect(till.stores.redemptions.countByState()).toMatchObject({ queued: 0, applied: 1 });
  expect(waits.length).toBeGreaterThan(failures / 10);
  expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
  // Anywhere between nothing and the bound: no two tills come back together.
  const late = waits.filter((ms) => ms > 0).slice(-30);
  expect(new Set(late).size).toBeGreaterThan(20);
  expect(Math.min(...late)).toBeLessThan(20_000);
  expect(Math.max(...waits)).toBeGreaterThan(20_000);
});
