import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testVoucher } from "../../test/support/authority.ts";
import { run } from "../../test/support/processes.ts";
import { startStandIn } from "../../test/support/stand-in-server.ts";
import type { StandInServer } from "../../test/support/stand-in-server.ts";
import { temporaryFolder } from "../../test/support/till.ts";

const voucher = testVoucher(1n);
let server: StandInServer;

beforeAll(async () => {
  server = await startStandIn();
  server.grant(voucher);
});

afterAll(() => server.close());

test("a queue is exported once into each file, told what it holds, and nothing but a till's file is handed in", async () => {
  const folder = temporaryFolder();
  const cli = async (...args: string[]) => {
    const all = [...args, "--data", join(folder, "till"), "--json"];
    const { code, stdout } = await run("desktop/cli/main.ts", all, { PAYPOST_PASSPHRASE: "correct horse" });
    return { exit: code, ...(JSON.parse(stdout) as object) };
  };
  const file = join(folder, "queue");
  expect(await cli("export", file)).toMatchObject({ exit: 3, code: "not-enrolled" });
  await cli("enrol", "--server", server.url, "--code", "GOOD-CODE");
  await cli("sync");
  expect(await cli("export", file)).toMatchObject({ exit: 0, outcome: "nothing-to-export" });
  expect(existsSync(file)).toBe(false);
  await cli("redeem", "--serial", "1", "--number", voucher.number, "--offline");

  expect(await cli("export")).toMatchObject({ exit: 2, code: "usage" });
  expect(await cli("export", file, "--after", "x")).toMatchObject({ exit: 2, code: "usage" });
  expect(await cli("export", file)).toEqual({
    exit: 0,
    ok: true,
    outcome: "exported",
    file,
    count: 1,
    firstSequence: 1,
    lastSequence: 1,
    value: [{ currency: "USD", redemptions: 1, amount: "12.50" }],
    left: 0,
  });
  const written = readFileSync(file);
  expect(await cli("export", file)).toMatchObject({ exit: 3, code: "file-exists" });
  expect(readFileSync(file)).toEqual(written);
  expect(existsSync(`${file}.part`)).toBe(false);
  expect(await cli("export", join(folder, "later"), "--after", "7")).toMatchObject({
    exit: 3,
    code: "no-such-operation",
  });

  const asked = server.requests.length;
  const other = join(folder, "letter");
  writeFileSync(other, "Dear Ann");
  expect(await cli("hand-in", other)).toMatchObject({ exit: 3, code: "not-a-carried-queue" });
  writeFileSync(other, written.subarray(0, -1));
  expect(await cli("hand-in", other)).toMatchObject({ exit: 3, code: "not-a-carried-queue" });
  expect(await cli("hand-in", join(folder, "nothing"))).toMatchObject({ exit: 3, code: "file-not-readable" });
  expect(await cli("import", file)).toMatchObject({ exit: 3, ok: false });
  expect(await cli("import", join(folder, "nothing"))).toMatchObject({ exit: 3, code: "file-not-readable" });
  expect(server.requests).toHaveLength(asked);
  const away = await cli("hand-in", file, "--server", "http://127.0.0.1:9");
  expect(away).toMatchObject({ exit: 4, code: "unreachable" });
}, 120_000);
