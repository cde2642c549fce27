import { describe, expect, onTestFinished, test } from "vitest";
import { testVoucher } from "../../test/support/authority.ts";
import { createLink } from "../../test/support/link.ts";
import { startStandIn } from "../../test/support/stand-in-server.ts";
import { createTill } from "../../test/support/till.ts";

async function bench() {
  const server = await startStandIn();
  onTestFinished(() => server.close());
  const link = await createLink(server.url);
  onTestFinished(() => link.cut());
  const { authority, nodeId } = server;
  const till = createTill({ serverUrl: link.url, authority, nodeId });
  server.enrol(till.key.publicKey);
  const { settings } = till.stores;
  const today = () => settings.spent(till.clock.wallMs());
  const redeem = async (serial: bigint) => {
    const voucher = testVoucher(serial);
    till.grant(voucher);
    const request = { serial, number: voucher.number, actor: "Ann", offline: true };
    expect((await till.node().redeem(request)).kind).toBe("accepted");
  };
  const sync = () => till.node({ fetch }).sync();
  return { server, link, till, settings, today, redeem, sync };
}

describe("a metered link", () => {
  test("2: is counted by the day, both ways, about as it is on the line", async () => {
    const { link, till, settings, today, redeem, sync } = await bench();
    for (let serial = 1n; serial <= 20n; serial += 1n) await redeem(serial);
    link.bytesSince();
    await sync();
    const { toServer, toNode } = link.bytesSince();
    expect(today() / (toServer + toNode)).toBeGreaterThan(0.8);
    expect(today() / (toServer + toNode)).toBeLessThan(1.3);
    till.clock.pass(86_400_000);
    expect(today()).toBe(0);
    expect(settings.spent(till.clock.wallMs() - 86_400_000)).toBeGreaterThan(0);
  });

  test("2: at four fifths of the day's bytes nothing is read any more, and what was redeemed still goes up", async () => {
    const { server, till, settings, redeem, sync } = await bench();
    settings.write({ bytesPerDay: 100_000, onRequest: false });
    settings.addTraffic(till.clock.wallMs(), 80_000);
    await redeem(1n);
    server.requests.length = 0;
    expect(await sync()).toMatchObject({
      upload: { sent: 1, applied: 1, problem: undefined },
      shapes: { signals: { kind: "allowance-spent" } },
    });
    expect(server.requests.filter((request) => request.includes("/shapes/"))).toEqual([]);
  });

  test("2: when all is spent nothing is sent, nothing is lost, and the next day goes on", async () => {
    const { server, till, settings, redeem, sync } = await bench();
    settings.write({ bytesPerDay: 100_000, onRequest: false });
    settings.addTraffic(till.clock.wallMs(), 100_000);
    await redeem(1n);
    server.requests.length = 0;
    expect(await sync()).toMatchObject({ upload: { sent: 0, problem: { code: "allowance-spent" } } });
    expect(server.requests).toEqual([]);
    till.clock.pass(86_400_000);
    expect(await sync()).toMatchObject({ upload: { sent: 1, applied: 1 } });
  });

  test("2: is never followed live: everything is asked for again after a pause", async () => {
    const { server, till, settings } = await bench();
    settings.write({ bytesPerDay: 10_000_000, onRequest: false });
    const ending = new AbortController();
    let reports = 0;
    const following = till.node({ fetch }).follow(ending.signal, () => {
      reports += 1;
      setTimeout(() => ending.abort(), 50);
    });
    await following;
    expect(reports).toBe(1);
    expect(server.requests.filter((request) => request === "GET /v1/shapes/signals")).toHaveLength(2);
  });
});
