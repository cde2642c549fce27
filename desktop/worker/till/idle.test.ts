import { expect, onTestFinished, test, vi } from "vitest";
import { testVoucher } from "../../../test/support/authority.ts";
import { openDeskWithAnn, orderOf, startServer } from "../../../test/support/desk.ts";

const minuteMs = 60_000;
const voucher = testVoucher(51n);

test("T6: after idle the till itself signs out: no page and no other client goes on as Ann, and the shift goes on", async () => {
  const desk = await openDeskWithAnn(await startServer(), [voucher]);
  const shift = (await desk.ask("state", {})).shift?.id;
  desk.clock.pass(10 * minuteMs - 1);
  expect((await desk.ask("state", {})).phase).toBe("open");
  desk.clock.pass(1);
  for (const [name, payload] of [
    ["redeem", orderOf(voucher)],
    ["history", { search: "", state: "all", before: null }],
    ["export", {}],
    ["touch", {}],
  ] as const)
    expect(await desk.problem(name, payload), name).toBe("not-possible-now");
  expect((await desk.ask("state", {})).phase).toBe("signed-out");
  await desk.ask("sign-in", { cashier: 1, pin: "4711" });
  expect((await desk.ask("state", {})).shift?.id).toBe(shift);
});

test("T6: whoever works or touches the page stays signed in; what a page draws by itself keeps nobody in", async () => {
  const desk = await openDeskWithAnn(await startServer(), [voucher]);
  const phaseAfter = async (name: string, payload: unknown) => {
    desk.clock.pass(minuteMs / 2);
    await desk.till.handle(name, payload);
    desk.clock.pass(9 * minuteMs);
    return (await desk.ask("state", {})).phase;
  };
  expect(await phaseAfter("touch", {})).toBe("open");
  expect(await phaseAfter("check", orderOf(voucher))).toBe("open");
  expect(await phaseAfter("leases", { search: "", after: null })).toBe("signed-out");
});

test("T6: the minutes are those of the settings, by a clock that nobody can set", async () => {
  const desk = await openDeskWithAnn(await startServer());
  const screen = { language: null, theme: "system", paper: "80", lockAfterMinutes: 2 } as const;
  await desk.ask("settings", { ...screen, bytesPerDay: null, onRequest: true });
  desk.clock.setWall(desk.clock.wallMs() - 3600 * 1000);
  desk.clock.pass(2 * minuteMs);
  expect((await desk.ask("state", {})).phase).toBe("signed-out");
});

test("T6: the pages are told within seconds, though nobody asks for anything", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const desk = await openDeskWithAnn(await startServer());
  let told = 0;
  desk.till.listen(() => (told += 1));
  desk.clock.pass(10 * minuteMs);
  vi.advanceTimersByTime(10_000);
  expect(told).toBeGreaterThan(0);
  expect((await desk.ask("state", {})).phase).toBe("signed-out");
});
