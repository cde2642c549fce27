/**
 * Two tills and two server processes over one database, all real processes: what one server writes is read at the other,
 * and goes on there when the first is killed. The source of shapes is whatever the environment chooses.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import {
  enrolTill,
  operate,
  prepareInstallation,
  registerInstitution,
  startServer,
  type Till,
} from "../support/installation.ts";
import type { IssuedVoucher } from "../support/institution.ts";

/** `scripts` are the two servers; the first is the one that is killed. */
export async function playTwoNodes(
  environment: Readonly<Record<string, string>>,
  scripts: readonly [string, string] = ["node-server/main.node.ts", "node-server/main.node.ts"],
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "paypost-two-nodes-"));
  const installation = await prepareInstallation(folder, environment);
  const started: Awaited<ReturnType<typeof startServer>>[] = [];
  const start = async (script: string) => {
    const server = await startServer(installation, script);
    started.push(server);
    return server;
  };
  try {
    const one = await start(scripts[0]);
    const two = await start(scripts[1]);
    const ministry = await registerInstitution(installation, one.url, "welfare");
    await operate(installation, "group", "add", "FOO", "Food aid");
    await operate(installation, "group", "fund", "FOO", "1000.00", "USD", "--reference", "treasury-1");
    const shop = (id: string) => ({ id, name: `Shop ${id}`, accepts: "FOO" });
    const first = await enrolTill(installation, one.url, shop("shop-1"));
    const second = await enrolTill(installation, two.url, shop("shop-2"));
    const vouchers = await ministry.createVouchers("FOO", [10, 20, 30, 40]);
    const [v1, v2, v3, v4] = vouchers as [IssuedVoucher, IssuedVoucher, IssuedVoucher, IssuedVoucher];
    const lease = async (some: readonly IssuedVoucher[], leaseTo: string) => {
      const serials = some.map(({ serialNumber }) => serialNumber);
      expect((await ministry.activate(serials, { leaseTo })).failedCases).toEqual([]);
    };

    // Leased at the first server, read at the one that each till calls.
    await lease([v1, v2], first.nodeId);
    await lease([v3], second.nodeId);
    await syncUntilHeld(first.till, [v1, v2]);
    await syncUntilHeld(second.till, [v3]);

    // Offline: each accepts its own, and nobody else's.
    expect((await redeem(first.till, v1)).code).toBe(0);
    expect((await redeem(second.till, v3)).code).toBe(0);
    expect((await redeem(second.till, v2)).code).toBe(3);

    // The first till goes on at the other server, from where it had read at its own.
    await lease([v4], first.nodeId);
    await syncUntilHeld(first.till, [v2, v4], "--server", two.url);
    expect(await ministry.status(v1.serialNumber)).toBe("Consumed");

    // The first server is killed: nothing is lost, and the other carries on with both.
    one.running.child.kill("SIGKILL");
    await one.running.finished;
    expect((await redeem(first.till, v4)).code).toBe(0);
    expect((await first.till.run("sync", "--server", two.url)).json).toMatchObject({ applied: 1 });
    expect((await second.till.run("sync")).json).toMatchObject({ applied: 1 });
    const states = (await operate(installation, "vouchers", "welfare")) as readonly { state: string }[];
    expect(states.map(({ state }) => state)).toEqual(["consumed", "leased", "consumed", "consumed"]);
    expect(await operate(installation, "books")).toMatchObject({ balanced: true });
  } finally {
    for (const { running } of started) {
      running.child.kill("SIGTERM");
      await running.finished;
    }
    await installation.receiver.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function redeem(till: Till, { serialNumber, number }: IssuedVoucher) {
  return till.run("redeem", "--serial", serialNumber, "--number", number, "--offline", "--actor", "Amina");
}

/** How often a till asks until a service that reads the database's log has caught up. */
const mostSyncs = 40;

async function syncUntilHeld(
  till: Till,
  vouchers: readonly IssuedVoucher[],
  ...words: readonly string[]
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const sync = await till.run("sync", ...words);
    expect(sync).toMatchObject({ code: 0 });
    const { leases } = (await till.run("status")).json as { leases: { items: readonly HeldLease[] } };
    const held = leases.items.filter(({ withdrawn }) => !withdrawn).map(({ serial }) => serial);
    if (vouchers.every(({ serialNumber }) => held.includes(serialNumber))) return;
    if (attempt === mostSyncs) throw new Error(`${till.name} holds ${held.join()}`);
  }
}

interface HeldLease {
  readonly serial: string;
  readonly withdrawn: boolean;
}
