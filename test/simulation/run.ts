/** One seed: people, machines, faults and time, until everything is quiet; the promises are checked on the way and at the end. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueEnrolmentCode } from "../../node-server/nodes/enrol.ts";
import { revokeNode } from "../../node-server/nodes/revoke.ts";
import { ServerDied } from "./observed-store.ts";
import { SimulatedNode } from "./node.ts";
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
      await act(world, server, weakness, folder, nodes);
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
  await server.issue(20 + world.random.below(10), false);
  await server.issue(8, true);
  for (const voucher of server.vouchers.slice(0, 16)) await activate(world, server, nodes, voucher);
  for (const voucher of server.vouchers.slice(-6)) await activate(world, server, nodes, voucher);
  for (const node of nodes) await node.sync();
}

async function activate(
  world: World,
  server: Server,
  nodes: readonly SimulatedNode[],
  voucher: Server["vouchers"][number],
): Promise<void> {
  const isLeased = !voucher.atRisk && world.random.chance(0.75);
  const node = world.random.pick(nodes);
  // One whose end nobody names lasts 14 days, and is renewed in the second half of them.
  const hours = world.random.chance(0.7) ? 2 + world.random.below(120) : undefined;
  const until = hours === undefined ? null : new Date(world.nowMs + hours * hourMs);
  const refused = await server.command(
    "activate",
    voucher,
    isLeased ? node.nodeId : null,
    isLeased ? until : null,
  );
  const forNode = isLeased ? `for ${node.name}, ${hours ?? "14 days of"} h` : "";
  world.note(`activate ${voucher.serial} ${forNode} ${refused ?? ""}`);
}

type Act = (
  world: World,
  server: Server,
  nodes: SimulatedNode[],
  more: { readonly weakness: Weakness; readonly folder: string },
) => Promise<void>;

/** The weight of each thing that can happen. */
const acts: readonly (readonly [number, Act])[] = [
  [40, redeemAtNode],
  [22, syncNode],
  [8, redeemByApi],
  [6, command],
  [6, async (world, server, nodes) => activate(world, server, nodes, world.random.pick(server.vouchers))],
  [5, cutOrHeal],
  [4, disturbClock],
  [4, async (_world, server) => server.tick()],
  [3, carry],
  [3, giveBack],
  [3, async (world, _server, nodes) => world.random.pick(nodes).restart(true)],
  [4, async (world, _server, nodes) => world.random.pick(nodes).copyDisk()],
  [2, restoreDisk],
  [1, loseHead],
  [1, clone],
  [1, revoke],
];

async function act(
  world: World,
  server: Server,
  weakness: Weakness,
  folder: string,
  nodes: SimulatedNode[],
): Promise<void> {
  let left = world.random.below(acts.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, work] of acts) {
    left -= weight;
    if (left >= 0) continue;
    try {
      return await work(world, server, nodes, { weakness, folder });
    } catch (error) {
      if (!(error instanceof ServerDied)) throw error;
      return world.note("server: dies");
    }
  }
}

async function redeemAtNode(world: World, server: Server, nodes: SimulatedNode[]): Promise<void> {
  await redeemAt(world, server, world.random.pick(nodes));
}

async function redeemAt(world: World, server: Server, node: SimulatedNode): Promise<void> {
  const offline = world.random.chance(0.7);
  // Mostly something that the till has a lease for, so that much is taken; otherwise whatever is presented.
  const held = server.vouchers.filter(({ serial }) => node.mayTake(serial));
  const from = held.length > 0 && world.random.chance(0.75) ? held : server.vouchers;
  const voucher = world.random.pick(from);
  if (voucher.token === "") return;
  const outcome = await node.redeem(voucher, offline);
  world.note(`${node.name} redeems ${voucher.serial} ${offline ? "offline" : "online"}: ${outcome}`);
}

async function syncNode(world: World, _server: Server, nodes: SimulatedNode[]): Promise<void> {
  const node = world.random.pick(nodes);
  world.note(`${node.name} syncs: ${await node.sync()}`);
}

async function giveBack(world: World, server: Server, nodes: SimulatedNode[]): Promise<void> {
  const node = world.random.pick(nodes);
  const held = server.vouchers.filter(({ serial }) => node.mayTake(serial));
  if (held.length === 0) return;
  const { serial } = world.random.pick(held);
  world.note(`${node.name} gives back ${serial}: ${await node.giveBack(serial)}`);
}

async function redeemByApi(world: World, server: Server): Promise<void> {
  const voucher = world.random.pick(server.vouchers);
  const merchantId = world.random.pick(merchants);
  const requestId = `R${world.history.length}`;
  for (let times = world.random.chance(0.3) ? 2 : 1; times > 0; times -= 1) {
    const outcome = await server.redeem(voucher, merchantId, requestId);
    world.note(`API redeems ${voucher.serial}: ${outcome}`);
  }
}

async function command(world: World, server: Server): Promise<void> {
  const action = world.random.pick(["cancel", "suspend", "unsuspend", "block"] as const);
  const voucher = world.random.pick(server.vouchers);
  world.note(`${action} ${voucher.serial}: ${(await server.command(action, voucher)) ?? "done"}`);
}

async function cutOrHeal(world: World, _server: Server, nodes: SimulatedNode[]): Promise<void> {
  const node = world.random.pick(nodes);
  node.link.isCut = !node.link.isCut;
  world.note(`${node.name} is ${node.link.isCut ? "cut off" : "connected"}`);
}

async function disturbClock(world: World, _server: Server, nodes: SimulatedNode[]): Promise<void> {
  const node = world.random.pick(nodes);
  const how = world.random.pick(["jump", "stand still", "right", "off"] as const);
  if (how === "off") {
    const offMs = world.random.below(12 * hourMs);
    await world.pass(offMs);
    node.reboot(offMs);
  } else node.setClock(how);
  world.note(`${node.name}'s clock: ${how}`);
}

async function carry(world: World, _server: Server, nodes: SimulatedNode[]): Promise<void> {
  const from = world.random.pick(nodes);
  const by = world.random.pick(nodes);
  const file = from.export();
  if (!file) return;
  world.note(`${from.name} exports, for ${by.name} to hand in`);
  world.after(world.random.below(20 * hourMs), async () => {
    for (let times = world.random.chance(0.3) ? 2 : 1; times > 0; times -= 1) {
      const answer = await by.handIn(file);
      world.note(`${by.name} hands in for ${from.name}: ${answer ? "answered" : "no answer"}`);
      if (answer && world.random.chance(0.8)) world.note(`${from.name} ${await from.import(answer)}`);
    }
  });
}

async function restoreDisk(world: World, server: Server, nodes: SimulatedNode[]): Promise<void> {
  const node = world.random.pick(nodes);
  if (!node.restoreDatabase()) return;
  world.note(`${node.name}'s database comes back from an old copy`);
  await redeemAt(world, server, node);
}

async function loseHead(world: World, _server: Server, nodes: SimulatedNode[]): Promise<void> {
  const node = world.random.pick(nodes);
  node.loseHeadFile();
  world.note(`${node.name} loses its head file`);
}

async function clone(
  world: World,
  server: Server,
  nodes: SimulatedNode[],
  { weakness, folder }: { readonly weakness: Weakness; readonly folder: string },
): Promise<void> {
  const from = world.random.pick(nodes);
  const name = `${from.name}-clone-${nodes.length}`;
  const copy = new SimulatedNode(world, server, weakness, {
    name,
    merchantId: from.merchantId,
    folder,
    from,
  });
  for (const node of nodes) if (node.nodeId === from.nodeId) node.isCloned = true;
  copy.isCloned = true;
  nodes.push(copy);
  world.note(`${from.name} is cloned as ${name}`);
  for (const one of [from, copy]) await redeemAt(world, server, one);
}

async function revoke(world: World, server: Server, nodes: SimulatedNode[]): Promise<void> {
  if (world.random.chance(0.5)) return;
  const { nodeId, name } = world.random.pick(nodes);
  await revokeNode(server.store, nodeId);
  for (const node of nodes) if (node.nodeId === nodeId) node.isRevoked = true;
  world.note(`${name} is revoked`);
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
  await world.pass(8 * 24 * hourMs);
  for (const node of nodes) world.note(`${node.name} is still there: ${await node.sync()}`);
  // Longer than any lease, renewed ones too, and its grace.
  await world.pass(17 * 24 * hourMs);
  await server.tick();
  await world.pass(hourMs);
  for (const node of nodes) world.note(`${node.name} hears at last: ${await node.sync()}`);
}

function closeQuietly(node: SimulatedNode): void {
  try {
    node.close();
  } catch {
    // A run that failed has perhaps closed it already; what matters was told.
  }
}
