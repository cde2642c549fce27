/** What can happen in a simulation, each with its weight. */
import { revokeNode } from "../../node-server/nodes/revoke.ts";
import { billActs } from "./bill-acts.ts";
import { SimulatedNode } from "./node.ts";
import { JudgingFailed, ServerDied, untilAlive } from "./observed-store.ts";
import { lookIntoDispute, lookIntoHeld } from "./people.ts";
import { leasesKept } from "./promises.ts";
import { merchants } from "./server.ts";
import type { Server, SimulatedVoucher } from "./server.ts";
import type { Weakness } from "./weaknesses.ts";
import type { World } from "./world.ts";

/** Who takes part; clones join the nodes. */
export interface Scene {
  readonly world: World;
  readonly server: Server;
  readonly nodes: SimulatedNode[];
  readonly weakness: Weakness;
  readonly folder: string;
}

const hourMs = 3_600_000;

export type Act = (scene: Scene) => Promise<void>;

const acts: readonly (readonly [number, Act])[] = [
  [52, async (scene) => redeemAt(scene, scene.world.random.pick(scene.nodes))],
  [22, syncNode],
  [8, redeemByApi],
  [6, command],
  [6, async (scene) => activate(scene, [scene.world.random.pick(scene.server.vouchers)])],
  [5, cutOrHeal],
  [4, disturbClock],
  [4, async ({ server }) => server.tick()],
  [4, async ({ world, nodes }) => world.random.pick(nodes).copyDisk()],
  [3, carry],
  [3, giveBack],
  [3, async ({ world, nodes }) => world.random.pick(nodes).restart(true)],
  [4, async ({ world, server }) => lookIntoHeld(world, server)],
  [4, async ({ world, server }) => lookIntoDispute(world, server)],
  [3, signWrongNumber],
  [2, takeBeyondLimits],
  [2, async ({ server }) => server.backUp()],
  [2, restoreDisk],
  [1, restoreServer],
  [1, loseHead],
  [1, clone],
  [1, revoke],
  ...billActs,
];

/** One of them; a server that dies or fails on the way is there again for the next. */
export async function act(scene: Scene): Promise<void> {
  const { random, note } = scene.world;
  let left = random.below(acts.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, work] of acts) {
    left -= weight;
    if (left >= 0) continue;
    try {
      return await work(scene);
    } catch (error) {
      if (error instanceof ServerDied) return note("server: dies");
      // Who asked for it is told that it failed, and nothing is changed.
      if (error instanceof JudgingFailed) return note("server: fails at what it was asked");
      throw error;
    }
  }
}

export async function activate(
  { world, server, nodes }: Scene,
  vouchers: readonly SimulatedVoucher[],
): Promise<void> {
  const items = vouchers.map((voucher) => {
    const node = world.random.pick(nodes);
    // One whose end nobody names lasts 14 days, and is renewed in the second half of them.
    const hours = world.random.chance(0.7) ? 2 + world.random.below(120) : undefined;
    if (voucher.atRisk || world.random.chance(0.25)) return { voucher, told: "" };
    const leaseUntil = hours === undefined ? null : new Date(world.nowMs + hours * hourMs);
    return {
      voucher,
      leaseTo: node.nodeId,
      leaseUntil,
      told: `for ${node.name}, ${hours ?? "14 days of"} h`,
    };
  });
  const refusals = await server.command("activate", items);
  for (const [index, { voucher, told }] of items.entries())
    world.note(`activate ${voucher.serial} ${told} ${refusals[index] ?? ""}`);
}

async function redeemAt({ world, server }: Scene, node: SimulatedNode): Promise<void> {
  const offline = world.random.chance(0.7);
  // Mostly something that the till has a lease for, so that much is taken; otherwise whatever is presented.
  const held = server.vouchers.filter(({ serial }) => node.mayTake(serial));
  const from = held.length > 0 && world.random.chance(0.8) ? held : server.vouchers;
  const voucher = world.random.pick(from);
  if (voucher.token === "") return;
  const outcome = await node.redeem(voucher, offline);
  world.note(`${node.name} redeems ${voucher.serial} ${offline ? "offline" : "online"}: ${outcome}`);
}

async function syncNode({ world, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  world.note(`${node.name} syncs: ${await node.sync()}`);
}

async function giveBack({ world, server, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  const held = server.vouchers.filter(({ serial }) => node.mayTake(serial));
  if (held.length === 0) return;
  const { serial } = world.random.pick(held);
  world.note(`${node.name} gives back ${serial}: ${await node.giveBack(serial)}`);
}

async function redeemByApi({ world, server }: Scene): Promise<void> {
  const voucher = world.random.pick(server.vouchers);
  const merchantId = world.random.pick(merchants);
  const requestId = `R${world.history.length}`;
  for (let times = world.random.chance(0.3) ? 2 : 1; times > 0; times -= 1) {
    const outcome = await server.redeem(voucher, merchantId, requestId);
    world.note(`API redeems ${voucher.serial}: ${outcome}`);
  }
}

async function command({ world, server }: Scene): Promise<void> {
  const action = world.random.pick(["cancel", "suspend", "unsuspend", "block"] as const);
  const voucher = world.random.pick(server.vouchers);
  const [refusal] = await server.command(action, [{ voucher }]);
  world.note(`${action} ${voucher.serial}: ${refusal ?? "done"}`);
}

async function cutOrHeal({ world, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  node.link.isCut = !node.link.isCut;
  world.note(`${node.name} is ${node.link.isCut ? "cut off" : "connected"}`);
}

async function disturbClock({ world, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  const how = world.random.pick(["jump", "stand still", "right", "off"] as const);
  if (how === "off") {
    const offMs = world.random.below(12 * hourMs);
    await world.pass(offMs);
    node.reboot(offMs);
  } else node.setClock(how);
  world.note(`${node.name}'s clock: ${how}`);
}

async function carry({ world, nodes }: Scene): Promise<void> {
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

async function restoreDisk(scene: Scene): Promise<void> {
  const { world, nodes } = scene;
  const node = world.random.pick(nodes);
  if (!node.restoreDatabase()) return;
  world.note(`${node.name}'s database comes back from an old copy`);
  await redeemAt(scene, node);
}

async function loseHead({ world, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  node.loseHeadFile();
  world.note(`${node.name} loses its head file`);
}

async function clone(scene: Scene): Promise<void> {
  const { world, server, nodes, weakness, folder } = scene;
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
  for (const one of [from, copy]) await redeemAt(scene, one);
}

async function revoke({ world, server, nodes }: Scene): Promise<void> {
  if (world.random.chance(0.5)) return;
  const { nodeId, name } = world.random.pick(nodes);
  await untilAlive(() => revokeNode(server.store, nodeId));
  for (const node of nodes) if (node.nodeId === nodeId) node.isRevoked = true;
  world.note(`${name} is revoked`);
}

/** Somebody has tampered with a till, and guesses a number for a voucher that it could take, or for any. */
async function signWrongNumber({ world, server, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  const held = server.vouchers.filter(({ serial }) => node.mayTake(serial));
  const voucher = world.random.pick(held.length > 0 ? held : server.vouchers);
  const number = world.random.pick(server.vouchers).number;
  if (number === voucher.number) return;
  server.wrongNumbers.set(voucher.serial, number);
  const outcome = node.signWrongNumber(voucher, number);
  if (outcome !== undefined) world.note(`${node.name} is tampered with: ${voucher.serial} ${outcome}`);
}

/** Another one ignores its policy's limits. */
async function takeBeyondLimits({ world, server, nodes }: Scene): Promise<void> {
  const node = world.random.pick(nodes);
  for (const voucher of server.vouchers) {
    if (!voucher.atRisk || voucher.token === "" || world.random.chance(0.3)) continue;
    world.note(`${node.name} ignores limits: ${voucher.serial} ${await node.takeBeyondLimits(voucher)}`);
  }
}

async function restoreServer({ world, server, nodes }: Scene): Promise<void> {
  leasesKept(server, nodes, (promise, what) => world.unexpected.push(`${promise} ${what}`));
  const heard = new Set(nodes.flatMap((node) => node.applied()));
  if (await server.restore(heard)) world.note("server: its database comes back from a backup");
}
