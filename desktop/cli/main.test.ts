import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "#sync/base64.ts";
import { createAuthority, testVoucher } from "../../test/support/authority.ts";
import { testPolicy } from "../../test/support/policy.ts";
import { run } from "../../test/support/processes.ts";
import { startStandIn } from "../../test/support/stand-in-server.ts";
import type { StandInServer } from "../../test/support/stand-in-server.ts";
import { temporaryFolder } from "../../test/support/till.ts";
import { readHeadFile, writeHeadFile } from "../worker/head-file.ts";

const passphrase = { PAYPOST_PASSPHRASE: "correct horse" };
const one = testVoucher(1n);
const two = testVoucher(2n);
let server: StandInServer;

beforeAll(async () => {
  server = await startStandIn();
  server.grant(one);
});

afterAll(() => server.close());

function cli(args: readonly string[], env: Readonly<Record<string, string>> = passphrase) {
  return run("desktop/cli/main.ts", args, env);
}

async function checkAnywhere(receipt: string, folder: string): Promise<void> {
  const verify = async (...args: readonly string[]) => {
    const { code, stdout } = await run("desktop/cli/verify.ts", [...args, "--json"], {});
    return { exit: code, ...(JSON.parse(stdout) as object) };
  };
  const said = { kind: "receipt", serial: "0000000001", actor: "Ann", verdict: { status: "applied" } };
  expect(await verify(receipt)).toMatchObject({ exit: 4, ok: true, genuine: null, ...said });
  const keys = join(folder, "keys.json");
  writeFileSync(keys, JSON.stringify({ keySet: toBase64(server.authority.keySetDocument) }));
  expect(await verify(receipt, "--keys", keys)).toMatchObject({ exit: 0, ok: true, genuine: true, ...said });
  writeFileSync(keys, createAuthority(2).keySetDocument);
  const forged = { exit: 3, ok: false, code: "not-genuine", part: "certificate" };
  expect(await verify(receipt, "--keys", keys)).toMatchObject(forged);
  expect(await verify(keys)).toMatchObject({ exit: 3, code: "not-a-paypost-file" });
  expect(await verify(join(folder, "nothing"))).toMatchObject({ exit: 2, code: "file-not-readable" });
}

describe("the command line of a till", () => {
  test("enrols, syncs, redeems, and shows what became of it, in stable JSON", async () => {
    const folder = temporaryFolder();
    const data = join(folder, "till");
    const json = async (command: string, ...args: string[]) => {
      const { code, stdout } = await cli([command, "--data", data, "--json", ...args]);
      return { exit: code, ...(JSON.parse(stdout) as object) };
    };
    expect(await json("status")).toEqual({ exit: 0, ok: true, enrolled: false });
    expect(await json("sync")).toMatchObject({ exit: 3, ok: false, code: "not-enrolled" });
    const head = join(folder, "second-disk", "head");
    const enrolment = ["--server", server.url, "--code", "GOOD-CODE", "--head-file", head];
    expect(await json("enrol", ...enrolment)).toMatchObject({
      exit: 0,
      ok: true,
      nodeId: server.nodeId,
      merchantId: "M-1",
      merchantName: "Corner Shop",
      generation: 1,
    });
    expect(await json("sync")).toMatchObject({ exit: 0, ok: true, outcome: "synced", sent: 0 });
    const asked = server.requests.length;
    const leased = ["--serial", "1", "--number", one.number, "--offline", "--actor", "Ann"];
    expect(await json("redeem", ...leased)).toMatchObject({
      exit: 0,
      ok: true,
      outcome: "accepted",
      serial: "0000000001",
      amount: "12.50",
      currency: "USD",
      mode: "leased",
      sequence: 1,
      transactionId: null,
    });
    expect(await json("redeem", ...leased)).toMatchObject({ exit: 3, outcome: "refused" });
    expect(await json("redeem", "--serial", "2", "--number", two.number, "--offline")).toMatchObject({
      exit: 3,
      ok: false,
      outcome: "refused",
      message: expect.stringMatching(/^This voucher is not reserved for this till/),
    });
    expect(server.requests).toHaveLength(asked);
    expect(await json("status")).toMatchObject({
      exit: 0,
      lastSequence: 1,
      queue: { queued: 1, applied: 0 },
      leases: { open: 0 },
      clock: { anchored: true },
      headFile: head,
    });
    const unsynced = { operations: 1, lastSequence: 1, amount: "12.50 USD" };
    expect(await json("wipe")).toMatchObject({ exit: 3, ok: false, code: "unsynced", unsynced });
    const giveUp = ["--amount", "12.50 USD", "--because", "no way to send it", "--by", "Ann"];
    expect(await json("write-off", ...giveUp)).toMatchObject({ exit: 0, step: "proposed", unsynced });
    expect(await json("write-off", ...giveUp)).toMatchObject({ exit: 3, code: "same-person" });
    expect(await json("sync")).toMatchObject({ exit: 0, sent: 1, applied: 1 });
    const operation = { sequence: 1, serial: "0000000001", amount: "12.50", state: "applied", actor: "Ann" };
    expect(await json("queue")).toMatchObject({ exit: 0, operations: [operation] });
    expect(await json("receipts")).toMatchObject({
      exit: 0,
      receipts: [{ ...operation, transactionId: "tx-1", verdictList: expect.any(String) }],
    });

    const receipt = join(folder, "receipt");
    expect(await json("receipt", receipt, "--operation", "2")).toMatchObject({
      exit: 3,
      code: "no-such-operation",
    });
    expect(await json("receipt", receipt, "--operation", "1")).toMatchObject({ exit: 0, outcome: "written" });
    expect(await json("receipt", receipt, "--operation", "1")).toMatchObject({
      exit: 3,
      code: "file-exists",
    });
    await checkAnywhere(receipt, folder);

    const known = readHeadFile(head);
    if (known.kind !== "present") throw new Error("the till has no head file");
    writeHeadFile(head, known.nodeId, { ...known.head, sequence: known.head.sequence + 1 });
    expect(await json("redeem", ...leased)).toMatchObject({ exit: 5, because: "database-behind-head-file" });
    expect(await json("status")).toMatchObject({ exit: 5, ok: false, stopped: "database-behind-head-file" });
    const people = await cli(["status", "--data", data]);
    expect(people.stderr).toContain("enrol --data NEW-FOLDER");
  });

  test("says that it is offline with exit code 4, and that a passphrase is wrong with 3", async () => {
    const data = join(temporaryFolder(), "till");
    const gone = await startStandIn();
    await cli(["enrol", "--data", data, "--server", gone.url, "--code", "GOOD-CODE"]);
    await gone.close();
    const sync = await cli(["sync", "--data", data]);
    expect(sync).toMatchObject({ code: 4, stderr: expect.stringMatching(/^The server cannot be reached/) });
    const token = gone.authority.token(two);
    const redeem = await cli(["redeem", "--data", data, "--token", token, "--number", two.number]);
    expect(redeem).toMatchObject({
      code: 4,
      stdout: "",
      stderr: expect.stringContaining("do not hand over goods"),
    });
    const other = await cli(["sync", "--data", data], { PAYPOST_PASSPHRASE: "wrong horse" });
    expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining("passphrase") });
  });

  test("pays a voucher out in cash at an agent's till, and says what is handed over and what is kept", async () => {
    const data = join(temporaryFolder(), "till");
    const own = await startStandIn();
    const { certificate } = own.authority;
    own.authority.certificate = (nodeId, key) => certificate(nodeId, key, true);
    own.issuePolicy(testPolicy({ cashOut: [{ currency: "USD", fixedMinor: 10n, basisPoints: 100 }] }));
    for (const voucher of [one, two]) own.grant(voucher);
    await cli(["enrol", "--data", data, "--server", own.url, "--code", "GOOD-CODE"]);
    await cli(["sync", "--data", data]);
    const redeem = (voucher: typeof one, ...args: string[]) => {
      const named = ["--serial", voucher.serial.toString(), "--number", voucher.number, "--offline"];
      return cli(["redeem", "--data", data, "--cash", ...named, ...args]);
    };
    expect(await redeem(one)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Pay out 12.28 USD in cash; your fee is 0.22 USD."),
    });
    const { stdout } = await redeem(two, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      amount: "12.50",
      cash: { paid: "12.28", fee: "0.22" },
    });
    await own.close();
  });

  test("shows and sets what the connection may cost, and keeps to it", async () => {
    const data = join(temporaryFolder(), "till");
    const own = await startStandIn();
    await cli(["enrol", "--data", data, "--server", own.url, "--code", "GOOD-CODE"]);
    const settings = async (...args: string[]) => {
      const { code, stdout } = await cli(["settings", "--data", data, "--json", ...args]);
      return { exit: code, ...(JSON.parse(stdout) as object) };
    };
    expect(await settings()).toMatchObject({ exit: 0, bytesPerDay: null, onRequest: false, spentToday: 0 });
    expect(await settings("--allowance", "5MB", "--on-request", "yes")).toMatchObject({
      bytesPerDay: 5_000_000,
    });
    expect(await settings("--allowance", "10")).toMatchObject({ exit: 2, code: "usage" });
    expect(await settings("--on-request", "maybe")).toMatchObject({ exit: 2, code: "usage" });
    const watch = await cli(["sync", "--watch", "--data", data]);
    expect(watch).toMatchObject({ code: 3, stderr: expect.stringContaining("on request only") });
    expect((await cli(["sync", "--data", data])).code).toBe(0);
    const spent = (await settings("--allowance", "none")) as unknown as { spentToday: number };
    expect(spent).toMatchObject({ bytesPerDay: null, onRequest: true });
    expect(spent.spentToday).toBeGreaterThan(1000);
    expect(await cli(["wipe", "--data", data])).toMatchObject({ code: 0 });
    expect((await cli(["status", "--data", data])).stdout).toContain("not enrolled");
    await own.close();
  });

  test("takes the passphrase from a file, and asks for one where there is none", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "passphrase");
    writeFileSync(file, "correct horse\n");
    const data = join(folder, "till");
    const fresh = await startStandIn();
    const args = ["enrol", "--data", data, "--server", fresh.url, "--code", "GOOD-CODE"];
    const none = { PAYPOST_PASSPHRASE: "" };
    expect(await cli(args, none)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--passphrase-file"),
    });
    expect(await cli([...args, "--passphrase-file", file], none)).toMatchObject({ code: 0 });
    await fresh.close();
    expect(readdirSync(data).toSorted((a, b) => a.localeCompare(b))).toContain("node.db");
  });

  test.each([
    [["nonsense", "--data", "x"]],
    [["sync"]],
    [["sync", "--data"]],
    [["sync", "--data", "x", "--unknown"]],
    [["redeem", "--data", "x", "--serial", "abc", "--number", "4000000000000002"]],
    [["redeem", "--data", "x", "--serial", "2", "--number", "12ab"]],
    [["redeem", "--data", "x", "--number", "4000000000000002"]],
  ])("answers %j with exit code 2", async (args) => {
    expect(await cli(args)).toMatchObject({ code: 2, stderr: expect.stringContaining("help") });
  });

  test("explains itself, exit codes included", async () => {
    const { code, stdout } = await cli(["help"]);
    expect(code).toBe(0);
    for (const word of ["enrol", "sync", "redeem", "status", "queue", "receipts", "Exit codes"]) {
      expect(stdout).toContain(word);
    }
  });
});
