import { expect, test } from "vitest";
import { testVoucher } from "../../../test/support/authority.ts";
import { openDeskWithAnn, orderOf, startServer } from "../../../test/support/desk.ts";

const [voucher, other] = [testVoucher(61n), testVoucher(62n)];

async function asking() {
  const server = await startServer();
  let result = "not-confirmed";
  server.intercept = ({ url }, response) => {
    if (url !== "/v1/authentications") return false;
    response.writeHead(200).end(JSON.stringify({ result }));
    return true;
  };
  const desk = await openDeskWithAnn(server, [voucher, other]);
  const guess = (serial = voucher.serial) =>
    desk.ask("authenticate", { serial: serial.toString(), identity: "NIN-1", secret: "guess" });
  const asked = () => server.requests.filter((one) => one.endsWith("/v1/authentications")).length;
  return { desk, guess, asked, answer: (told: string) => (result = told) };
}

test("guesses at the registry wait longer each time, for that voucher, and the server is not even asked", async () => {
  const { desk, guess, asked } = await asking();
  const waits: number[] = [];
  for (let n = 0; n < 3; n++) expect(await guess()).toEqual({ ok: true, result: "not-confirmed" });
  for (let n = 0; n < 10; n++) {
    const before = asked();
    const waiting = await guess();
    expect(waiting).toMatchObject({ code: "ask-registry-later" });
    expect(asked()).toBe(before);
    const untilMs = waiting.ok ? 0 : Number(waiting.details["untilMs"]);
    waits.push((untilMs - desk.clock.wallMs()) / 1000);
    desk.clock.pass(untilMs - desk.clock.wallMs());
    // Nobody is signed out meanwhile who works.
    await desk.ask("sign-in", { cashier: 1, pin: "4711" });
    expect(await guess()).toEqual({ ok: true, result: "not-confirmed" });
  }
  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
  expect(await guess(other.serial)).toEqual({ ok: true, result: "not-confirmed" });
});

test("a clock that is set forward lets nobody guess sooner, and a yes begins anew", async () => {
  const { desk, guess, answer } = await asking();
  for (let n = 0; n < 3; n++) await guess();
  desk.clock.setWall(desk.clock.wallMs() + 3_600_000);
  expect(await guess()).toMatchObject({ code: "ask-registry-later" });
  desk.clock.pass(5000);
  answer("confirmed");
  expect(await guess()).toEqual({ ok: true, result: "confirmed" });
  answer("not-confirmed");
  for (let n = 0; n < 3; n++) expect(await guess()).toEqual({ ok: true, result: "not-confirmed" });
});

test("the outcome of a registry is in the operation, and neither identity nor secret is anywhere", async () => {
  const { desk, guess, answer } = await asking();
  answer("confirmed");
  await guess();
  const authentication = { method: "registry", result: "confirmed" } as const;
  const doubted = { ...authentication, result: "not-confirmed" } as const;
  expect(await desk.ask("redeem", orderOf(voucher, { authentication: doubted }))).toMatchObject({
    refusal: { code: "authenticate-first" },
  });
  expect(await desk.ask("redeem", orderOf(voucher, { authentication }))).toMatchObject({
    kind: "accepted",
    operation: { authentication },
  });
  const everything = desk.stores.database
    .prepare<[], { name: string }>("select name from sqlite_schema where type = 'table'")
    .all()
    .map(({ name }) => JSON.stringify(desk.stores.database.prepare(`select * from ${name}`).all(), text))
    .join("");
  expect(everything).not.toMatch(/NIN-1|guess/);
});

function text(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
