/** The node's process is killed at each write of an offline redemption; what was said on the screen must stay true. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testVoucher } from "../support/authority.ts";
import { run, start } from "../support/processes.ts";
import { startStandIn } from "../support/stand-in-server.ts";
import type { StandInServer } from "../support/stand-in-server.ts";

const env = { PAYPOST_PASSPHRASE: "correct horse" };
const beforeCommit = [
  "opened",
  "transaction-begun",
  "operation-signed",
  "queue-row-written",
  "business-row-written",
];
const afterCommit = ["committed", "head-written", "head-flushed", "before-the-screen"];
const steps = [...beforeCommit, ...afterCommit, "after-the-screen"];

let server: StandInServer;
let data: string;

beforeAll(async () => {
  server = await startStandIn();
  data = join(mkdtempSync(join(tmpdir(), "paypost-kill-")), "till");
  steps.forEach((_, index) => server.grant(voucherOf(index)));
  await cli("enrol", "--server", server.url, "--code", "GOOD-CODE");
  expect(await cli("sync")).toMatchObject({ ok: true, outcome: "synced" });
});

afterAll(async () => {
  await server.close();
  rmSync(data, { recursive: true });
});

describe("a till killed at", () => {
  test.each(steps)("%s lost nothing that its screen had accepted", async (step) => {
    const voucher = voucherOf(steps.indexOf(step));
    const before = server.chain.length;
    const args = [data, voucher.serial.toString(), voucher.number, step];
    const killed = await run("test/faults/killed-till.ts", args, env);
    expect(killed.signal).toBe("SIGKILL");
    expect(killed.stdout.includes("ACCEPTED")).toBe(step === "after-the-screen");

    // The operation is there exactly when the database had it; the server gets it once, and the chain goes on.
    const isStored = !beforeCommit.includes(step);
    expect(await cli("sync")).toMatchObject({ ok: true, sent: isStored ? 1 : 0 });
    expect(server.chain.length - before).toBe(isStored ? 1 : 0);
    const queue = (await cli("queue")) as { operations: { serial: string; state: string }[] };
    const serial = voucher.serial.toString().padStart(10, "0");
    const ours = queue.operations.filter((operation) => operation.serial === serial);
    expect(ours.map(({ state }) => state)).toEqual(isStored ? ["applied"] : []);

    const again = await cli("redeem", "--serial", serial, "--number", voucher.number, "--offline");
    expect(again).toMatchObject(isStored ? { code: "already-redeemed-here" } : { outcome: "accepted" });
    if (!isStored) await cli("sync");
  });
});

test("a second process is refused with in-use while the first one lives, and not after it was killed", async () => {
  const watching = start("desktop/cli/main.ts", ["sync", "--watch", "--data", data, "--json"], env);
  await watching.line(/"outcome":"synced"/);
  expect(await cli("status")).toMatchObject({ ok: false, code: "in-use" });
  watching.child.kill("SIGKILL");
  await watching.finished;
  expect(await cli("status")).toMatchObject({ ok: true, stopped: null });
});

function voucherOf(index: number) {
  return testVoucher(BigInt(1000 + index));
}

/** Runs the shipped command line and gives its JSON. */
async function cli(command: string, ...args: string[]): Promise<Readonly<Record<string, unknown>>> {
  const { stdout, stderr } = await run(
    "desktop/cli/main.ts",
    [command, "--data", data, "--json", ...args],
    env,
  );
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}
