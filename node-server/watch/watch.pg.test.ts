/** What monitors are told of a running server, and that what belongs together can be found again. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestServer } from "../../test/support/server.ts";
import { enrolAtShop, startServerWithShop } from "../../test/support/shop.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServerWithShop();
});

afterAll(() => server.close());

interface Told {
  readonly status: string;
  readonly components: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
  }[];
}

async function readiness(): Promise<Told> {
  return (await (await fetch(`${server.url}/readiness`)).json()) as Told;
}

describe("/readiness", () => {
  test("is ready, and tells each part of it", async () => {
    await expect.poll(async () => (await readiness()).components.length, { timeout: 15_000 }).toBe(8);
    const told = await readiness();
    expect(told.status).toBe("ready");
    expect(told.components.every(({ status }) => status === "ok")).toBe(true);
  });

  test("says that callbacks hang and goes on serving, and says so no more when they were taken", async () => {
    const { institution, receiver, client } = server;
    receiver.refuseNext(3);
    const [voucher] = await institution.createVouchers("FOO", [7]);
    expect(voucher).toBeDefined();
    await client.pool.query(
      `insert into callbacks (institution_id, kind, subject, url, requested_at, last_tried_at)
       values ('welfare', 'command', 999999, $1, clock_timestamp() - interval '10 minutes', clock_timestamp())`,
      [receiver.url],
    );
    const callbacks = async () =>
      (await readiness()).components.find(({ name }) => name === "callbacks")?.status;
    await expect.poll(callbacks, { timeout: 15_000 }).toBe("degraded");
    expect((await fetch(`${server.url}/readiness`)).status).toBe(200);
    expect((await readiness()).status).toBe("degraded");
    await client.pool.query("delete from callbacks where subject = 999999");
    await expect.poll(callbacks, { timeout: 15_000 }).toBe("ok");
  });
});

describe("/metrics", () => {
  test("answers this machine, but nothing that was passed on by a proxy", async () => {
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
    for (const header of ["x-forwarded-for", "forwarded", "via"]) {
      const response = await fetch(`${server.url}/metrics`, { headers: { [header]: "203.0.113.7" } });
      expect(response.status, header).toBe(401);
    }
  });

  test("with a token it answers whoever has it, and nobody else", async () => {
    const guarded = await startServerWithShop({ metricsToken: "a token of some length" });
    try {
      const ask = async (authorization?: string) => {
        const headers = { "x-forwarded-for": "203.0.113.7", ...(authorization && { authorization }) };
        return (await fetch(`${guarded.url}/metrics`, { headers })).status;
      };
      expect(await ask()).toBe(401);
      expect((await fetch(`${guarded.url}/metrics`)).status).toBe(401);
      expect(await ask("Bearer a token of some other")).toBe(401);
      expect(await ask("Bearer a token of some length")).toBe(200);
    } finally {
      await guarded.close();
    }
  });

  test("counts requests by what they matched, never by what was asked", async () => {
    await server.institution.call("GET", "/vouchers/12345678?fields=status");
    await fetch(`${server.url}/nowhere/4711`);
    const text = await metrics();
    expect(text).toMatch(
      /paypost_http_request_duration_seconds_count\{method="GET",route="\/vouchers\/:[^"]+",status="\d+"\} [1-9]/,
    );
    expect(text).toContain('route="unknown",status="404"');
    expect(text).not.toMatch(/12345678|4711/);
  });

  test("counts what nodes were told by type and verdict", async () => {
    const node = await enrolAtShop(server);
    const { verdicts } = await node.upload([
      node.redeem({ serialNumber: "4000000006", number: "1234567812345670" }),
    ]);
    expect(verdicts?.verdicts).toMatchObject([{ status: "rejected" }]);
    expect(await metrics()).toMatch(/paypost_operations_total\{type="redeem-voucher",verdict="rejected"\} 1/);
  });

  test("has every name that the dashboard and the alert rules use, and they use every name", async () => {
    const text = await metrics();
    const has = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? ""));
    const read = (name: string) =>
      readFileSync(new URL(`../../docs/monitoring/${name}`, import.meta.url), "utf8");
    const used = new Set(
      [...`${read("alerts.yml")} ${read("dashboard.json")}`.matchAll(/paypost_[a-z_]+/g)].map((match) =>
        match[0].replace(/_(bucket|count|sum)$/, ""),
      ),
    );
    expect([...used].filter((name) => !has.has(name))).toEqual([]);
    expect([...has].filter((name) => !used.has(name))).toEqual([]);
    const dashboard = JSON.parse(read("dashboard.json")) as { panels: unknown[] };
    expect(dashboard.panels.length).toBeGreaterThan(10);
  });
});

describe("what belongs together", () => {
  test("a caller finds its own correlation id in the callback; without one there is one all the same", async () => {
    const { institution, receiver } = server;
    const create = async (requestID: string, headers: Record<string, string>) => {
      await institution.call(
        "POST",
        "/vouchers",
        {
          requestID,
          batchID: requestID,
          voucherInstructions: [
            {
              instructionID: `${requestID}-1`,
              groupCode: "FOO",
              currency: "USD",
              amount: 7,
              narration: "food",
            },
          ],
        },
        headers,
      );
      return receiver.waitFor(({ body }) => body["requestID"] === requestID);
    };
    const given = await create("corr-1", { "X-CorrelationID": "case-17" });
    expect(given.headers["x-correlationid"]).toBe("case-17");
    const made = await create("corr-2", {});
    expect(made.headers["x-correlationid"]).toMatch(/^[0-9a-f-]{36}$/);
    // A line feed would be a way to write into the log; undici refuses one, so this is what else could be sent.
    const hostile = await create("corr-3", { "X-CorrelationID": 'a"},{"level":60' });
    expect(hostile.headers["x-correlationid"]).toMatch(/^[0-9a-f-]{36}$/);
  });
});

async function metrics(): Promise<string> {
  return (await fetch(`${server.url}/metrics`)).text();
}
