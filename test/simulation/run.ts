/** One seed: people, machines, faults and time, until everything is quiet; the promises are checked on the way and at the end. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueEnrolmentCode } from "../../node-server/nodes/enrol.ts";
import { act, activate } from "./acts.ts";
import { SimulatedNode } from "./node.ts";
import { decideTheRest } from "./people.ts";
import { brokenPromises } from "./promises.ts";
import type { Broken } from "./promises.ts";
import { merchants, Server } from "./server.ts";
import type { SimulatedStores } from "./stores.ts";
import type { Weakness } from "./weaknesses.ts";
import { World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  readonly broken: readonly Broken[];
  readonly history: readonly string[];
  readonly historyHash: string;
  readonly operations: number;
}

const hourMs = 3_600_000;

export async function runSeed(stores: SimulatedStores, seed: number, weakness: Weakness): Promise<Outcome> {
  const world = new World(seed);
  const server = new Server(world, weakness);
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "paypost-simulation-"));
  const nodes: SimulatedNode[] = [];
  let broken: Broken[] = [];
  try {
    await server.start(stores);
    await prepare(world, server, weakness, folder, nodes);
    world.faults = true;
    const steps = 60 + world.random.below(60);
    for (let step = 0; step < steps && world.unexpected.length === 0; step += 1) {
      await world.pass(world.random.below(world.random.chance(0.06) ? 30 * hourMs : hourMs));
      await act({ world, server, weakness, folder, nodes });
      if (step % 10 === 9) await server.tick();
    }
    for (const what of world.unexpected) broken.push({ promise: "no unexpected failure", what });
    broken.push(...(await brokenPromises(server, nodes, false)));
    if (broken.length === 0) {
      await settle(world, server, nodes);
      broken = await brokenPromises(server, nodes, true);
    }
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    broken = [{ promise: "no unexpected failure", what }];
  } finally {
    for (const node of nodes) closeQuietly(node);
    rmSync(folder, { recursive: true, force: true });
  }
  const { history } = world;
  return {
    seed,
    broken,
    history,
    historyHash: world.historyHash(),
    operations: server.record.operations.size,
  };
}

async function prepare(
  world: World,
  server: Server,
  weakness: Weakness,
  folder: string,
  nodes: SimulatedNode[],
): Promise<void> {
  const count = 2 + world.random.below(3);
  for (let index = 0; index < count; index += 1) {
    const merchantId = merchants[index % merchants.length] ?? "shop-1";
    const node = new SimulatedNode(world, server, weakness, {
      name: `till-${index + 1}`,
      merchantId,
      folder,
    });
    nodes.push(node);
    const wish = { merchantId, nodeName: node.name, validHours: 1 };
    await node.enrol(await issueEnrolmentCode(server.store, server.randomBytes, wish));
    await node.sync();
    for (const name of weakness.nodeIndexes ?? []) node.stores.database.exec(`drop index ${name}`);
  }
  await server.issue(22 + world.random.below(4), false);
  await server.issue(8, true);
  await activate({ world, server, nodes, weakness, folder }, [
    ...server.vouchers.slice(0, 22),
    ...server.vouchers.slice(-7),
  ]);
  for (let bills = 0; bills < 6; bills += 1) await server.desk.addBill();
  for (const merchantId of merchants) await server.desk.topUp(merchantId, 6000n);
  for (const node of nodes) await node.sync();
}

/** The faults end; every queue goes up, every lease and its grace pass, every payout ends. */
async function settle(world: World, server: Server, nodes: readonly SimulatedNode[]): Promise<void> {
  world.faults = false;
  for (const node of nodes) {
    node.link.isCut = false;
    node.setClock("right");
    node.restart(false);
  }
  await world.pass(hourMs);
  for (const node of nodes) world.note(`${node.name} syncs at last: ${await node.sync()}`);
  await server.tick();
  await world.pass(8 * 24 * hourMs);
  for (const node of nodes) world.note(`${node.name} is still there: ${await node.sync()}`);
  server.upgradeAll();
  // Longer than any lease, renewed ones too, and its grace.
  await world.pass(17 * 24 * hourMs);
  // The first may end a recovery, and what it has kept from closing closes then.
  for (let ticks = 0; ticks < 2; ticks += 1) await server.tick();
  await decideTheRest(world, server);
  // A lease that waited for what they have decided closes now.
  await server.tick();
  // Long enough for a payout that has waited for the end of a recovery, which it looks for every six hours.
  await world.pass(12 * hourMs);
  for (const node of nodes) world.note(`${node.name} hears at last: ${await node.sync()}`);
  // A clone and its till have perhaps both given back only now what they held, which is a fork: people decide it.
  if ((await decideTheRest(world, server)) === 0) return;
  await server.tick();
  for (const node of nodes) world.note(`${node.name} hears of that too: ${await node.sync()}`);
}

function closeQuietly(node: SimulatedNode): void {
  try {
    node.close();
  } catch {
    // A run that failed has perhaps closed it already; what matters was told.
  }
}
