/**
 * A till's files after a disk has failed it, with real files of a till that was killed: it refuses with a way out, and
 * never begins anew as if nothing had been.
 */
import { isAboutVoucher } from "#sync/documents/operation.ts";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { testVoucher } from "../support/authority.ts";
import { projectRoot, run } from "../support/processes.ts";
import { startStandIn } from "../support/stand-in-server.ts";
import type { StandInServer } from "../support/stand-in-server.ts";

const env = { PAYPOST_PASSPHRASE: "correct horse" };
const accepted = [1, 2, 3, 4].map((index) => testVoucher(BigInt(2000 + index)));
const another = testVoucher(2000n);
const early = "early";
let server: StandInServer;
let folder: string;
/** A till that accepted four vouchers, the last of them as it was killed: its newest writes are in the log beside the database. */
let original: string;

beforeAll(async () => {
  server = await startStandIn();
  folder = mkdtempSync(join(tmpdir(), "paypost-damaged-disk-"));
  original = join(folder, "till");
  for (const voucher of [another, ...accepted]) server.grant(voucher);
  await cli(original, "enrol", "--server", server.url, "--code", "GOOD-CODE");
  expect(await cli(original, "sync")).toMatchObject({ ok: true });
  for (const [index, { serial, number }] of accepted.entries()) {
    // Killed after its screen has spoken: nothing is written back from the log.
    const killed = await run(
      "test/faults/killed-till.ts",
      [original, serial.toString(), number, "after-the-screen"],
      env,
    );
    expect(killed.stdout).toContain("ACCEPTED");
    if (index === 1) cpSync(original, join(folder, early), { recursive: true });
  }
  expect(statSync(join(original, "node.db-wal")).size).toBeGreaterThan(0);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

describe("a till whose", () => {
  const damages: readonly (readonly [string, (data: string) => void, RegExp])[] = [
    ["database was cut short", cutShort, /^database-damaged$/],
    ["database lost a page in the middle", losePage, /^database-damaged$/],
    ["database is something else", replaceDatabase, /^database-damaged$/],
    ["log lost its end", cutLog, /^database-behind-head-file$/],
    ["log has a bit changed in its last entries", changeLog, /^database-behind-head-file$/],
    ["log is gone", (data) => rmSync(join(data, "node.db-wal")), /^database-behind-head-file$/],
    ["database was replaced by an old copy", restoreDatabase, /^database-behind-head-file$/],
    ["second record is gone", (data) => rmSync(headOf(data)), /^head-file-missing$/],
    ["second record is empty", (data) => truncateSync(headOf(data), 0), /^head-file-damaged$/],
    ["second record was replaced by an old copy", restoreHead, /^head-file-behind-database$/],
  ];

  test.each(damages)(
    "%s accepts nothing more, says why and what to do, and keeps its files",
    async (_what, damage, code) => {
      const data = copyOf(original);
      damage(data);
      const before = fingerprints(data);
      const redeem = await run("desktop/cli/main.ts", redeemArguments(data), env);
      expect(redeem.code).toBe(5);
      expect(redeem.stdout).toBe("");
      expect(redeem.stderr).toMatch(/enrol into\s+a new, empty folder/);
      const status = await cli(data, "status");
      expect(status).toMatchObject({ ok: false });
      expect(String(status["stopped"] ?? status["code"])).toMatch(code);
      // Asked again it says the same: nothing was set right in silence.
      expect(await cli(data, ...redeemArguments(data))).toMatchObject({ ok: false });
      // Whoever looks into it finds what there was.
      if (code.source.includes("database-damaged")) expect(fingerprints(data)).toEqual(before);
    },
  );

  test.each([
    ["log lost its end", cutLog],
    ["database was replaced by an old copy", restoreDatabase],
  ])("%s still sends what it has, and its server hears of nothing twice", async (_what, damage) => {
    const data = copyOf(original);
    damage(data);
    const before = server.chain.length;
    const sync = await cli(data, "sync");
    expect(sync).toMatchObject({ ok: false });
    expect(server.chain.length).toBeLessThanOrEqual(accepted.length);
    expect(server.chain.length).toBeGreaterThanOrEqual(before);
    const serials = server.chain.map(({ operation: { body } }) => isAboutVoucher(body) && body.serial);
    expect(new Set(serials).size).toBe(serials.length);
  });
});

test("a till that was restored whole from an old copy stops when its server knows more than it does", async () => {
  const data = copyOf(original);
  expect(await cli(data, "sync")).toMatchObject({ ok: true });
  expect(server.chain).toHaveLength(accepted.length);
  // Both of its records agree, so it cannot know before it hears from its server.
  const old = copyOf(join(folder, early));
  expect(await cli(old, "sync")).toMatchObject({ ok: false, code: "behind-server" });
  expect(await run("desktop/cli/main.ts", redeemArguments(old), env)).toMatchObject({ code: 5, stdout: "" });
  expect(server.chain).toHaveLength(accepted.length);
});

test("a till whose disk is full accepts nothing and says so, and goes on when there is room", async () => {
  const outcomes: (number | null)[] = [];
  for (let room = 0; !outcomes.includes(0); room += 16) {
    const data = copyOf(original);
    // The log may grow by so many half kilobytes: then the system refuses the write as it does on a full disk.
    const blocks = Math.ceil(statSync(join(data, "node.db-wal")).size / 512) + room;
    const { status, stdout, stderr } = withFilesUpTo(blocks, redeemArguments(data));
    outcomes.push(status);
    if (status === 0) break;
    expect({ status, stdout }).toEqual({ status: 5, stdout: "" });
    expect(stderr).toMatch(/Nothing was accepted.*Make room on the disk/s);
    expect(await cli(data, "status")).toMatchObject({ ok: true, lastSequence: accepted.length });
    const again = await cli(data, ...redeemArguments(data));
    expect(again).toMatchObject({ ok: true, outcome: "accepted", sequence: accepted.length + 1 });
  }
  // It was full at the beginning of the writing, and in the middle of it.
  expect(outcomes.filter((status) => status === 5).length).toBeGreaterThan(1);
});

function withFilesUpTo(blocks: number, args: readonly string[]) {
  const script = `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`;
  return spawnSync("sh", ["-c", script, process.execPath, "desktop/cli/main.ts", ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
}

function redeemArguments(data: string): string[] {
  const { serial, number } = another;
  return [
    "redeem",
    "--serial",
    serial.toString(),
    "--number",
    number,
    "--offline",
    "--actor",
    "Ann",
    "--data",
    data,
  ];
}

function copyOf(data: string): string {
  const copy = mkdtempSync(join(folder, "copy-"));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  cpSync(data, copy, { recursive: true });
  return copy;
}

function headOf(data: string): string {
  return join(data, "head", "head");
}

function cutShort(data: string): void {
  // What the log holds would cover it: the damage is that of a database that was closed in order.
  checkpoint(data);
  truncateSync(join(data, "node.db"), statSync(join(data, "node.db")).size - 3 * 4096);
}

function losePage(data: string): void {
  checkpoint(data);
  const path = join(data, "node.db");
  const page = Math.floor(statSync(path).size / 4096 / 2);
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(4096, 0x55), 0, 4096, page * 4096);
  closeSync(file);
}

function replaceDatabase(data: string): void {
  checkpoint(data);
  writeFileSync(join(data, "node.db"), "hello");
}

function cutLog(data: string): void {
  const path = join(data, "node.db-wal");
  truncateSync(path, statSync(path).size - 2 * 4120);
}

function changeLog(data: string): void {
  const path = join(data, "node.db-wal");
  const bytes = readFileSync(path);
  const at = bytes.length - 3000;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function restoreDatabase(data: string): void {
  for (const name of ["node.db", "node.db-wal", "node.db-shm"]) {
    rmSync(join(data, name), { force: true });
    const old = join(folder, early, name);
    if (existsSync(old)) copyFileSync(old, join(data, name));
  }
}

function restoreHead(data: string): void {
  copyFileSync(headOf(join(folder, early)), headOf(data));
}

/** Writes the log back into the database, as a till that ends in order does. */
function checkpoint(data: string): void {
  const script = `import Database from "better-sqlite3"; const database = new Database(process.argv[1]); database.pragma("wal_checkpoint(truncate)"); database.close();`;
  spawnSync(process.execPath, ["--input-type=module", "-e", script, join(data, "node.db")], {
    cwd: projectRoot,
  });
}

function fingerprints(data: string): readonly string[] {
  return ["node.db", join("head", "head")]
    .filter((name) => existsSync(join(data, name)))
    .map((name) =>
      createHash("sha256")
        .update(readFileSync(join(data, name)))
        .digest("hex"),
    );
}

/** Runs the shipped command line and gives its JSON. */
async function cli(data: string, ...args: string[]): Promise<Readonly<Record<string, unknown>>> {
  const all = args.includes("--data") ? args : [...args, "--data", data];
  const { stdout, stderr } = await run("desktop/cli/main.ts", [...all, "--json"], env);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}
