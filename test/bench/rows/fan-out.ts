/**
 * 200 nodes that follow their signals with the official client, one change a second for each: whether every
 * change arrives, how late the latest of a hundred is, and what that takes of the server; then the same with
 * half of the nodes at a second process.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ShapeStream } from "@electric-sql/client";
import type { Pool } from "pg";
import { BareNode } from "../../support/bare-node.ts";
import type { Running } from "../../support/processes.ts";
import { merchants, withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { cpuSeconds, residentMiB } from "../process-use.ts";
import { percentile } from "../row.ts";
import type { BenchRow, Figure } from "../row.ts";
import type { Sizes } from "../sizes.ts";

const shape = "bench";
const lateMs = 20_000;

export const fanOut: BenchRow = {
  name: "fan-out",
  comparedWith: "what was written",
  run: (sizes) =>
    withBed((bed) =>
      bed.withServer(async (server) => {
        const nodes = await enrolAll(bed, sizes.waitingNodes);
        const one = await follow(bed, { nodes, servers: [server], urls: [bed.url] }, sizes);
        const two = await bed.withAnotherServer((second, url) =>
          follow(bed, { nodes, servers: [server, second], urls: [bed.url, url] }, sizes),
        );
        return [...figuresOf("one process", one), ...figuresOf("two processes", two)];
      }),
    ),
};

interface Followed {
  readonly sent: number;
  /** Milliseconds from the beginning of the write to its arrival. */
  readonly delays: readonly number[];
  /** Of the server processes, the database apart. */
  readonly cpuPercent: number;
  readonly memoryMiB: number;
}

function figuresOf(what: string, { sent, delays, cpuPercent, memoryMiB }: Followed): readonly Figure[] {
  const printed = { raw: null, goal: null };
  return [
    { what: `${what}: changes delivered`, ours: delays.length, raw: sent, unit: "", goal: { atLeast: 1 } },
    { what: `${what}: delay, 99 %`, ours: percentile(delays, 0.99), unit: "ms", ...printed },
    { what: `${what}: processor of the server`, ours: cpuPercent, unit: "% of a core", ...printed },
    { what: `${what}: memory of the server`, ours: memoryMiB, unit: "MiB", ...printed },
  ];
}

async function enrolAll(bed: Bed, count: number): Promise<BareNode[]> {
  const nodes: BareNode[] = [];
  for (let index = 0; index < count; index++) {
    const node = await bed.enrolNode(merchants[index % merchants.length] ?? "");
    await node.openSession();
    nodes.push(node);
  }
  return nodes;
}

interface Setting {
  readonly nodes: readonly BareNode[];
  readonly servers: readonly Running[];
  readonly urls: readonly string[];
}

function follow(bed: Bed, { nodes, servers, urls }: Setting, { fanOutSeconds }: Sizes): Promise<Followed> {
  return bed.withDatabase(async ({ pool }) => {
    const sentAt = new Map<string, number>();
    const delays = new Map<string, number>();
    const arrived = (key: string) => {
      const at = sentAt.get(key);
      if (at !== undefined && !delays.has(key)) delays.set(key, performance.now() - at);
    };
    const ended = new AbortController();
    const waiting = nodes.map((node, index) =>
      followSignals(urls[index % urls.length] ?? "", node, ended.signal, arrived),
    );
    await Promise.all(waiting);
    const pids = servers.map(({ child }) => child.pid);
    const [cpuBefore, begun] = [await cpuSeconds(pids), performance.now()];
    await Promise.all(
      nodes.map((node, index) =>
        changeEverySecond(pool, node.identity.nodeId, {
          after: (1000 * index) / nodes.length,
          times: fanOutSeconds,
          sentAt,
        }),
      ),
    );
    const last = performance.now() + lateMs;
    while (delays.size < sentAt.size && performance.now() < last) await delay(20);
    const seconds = (performance.now() - begun) / 1000;
    const cpuPercent = (100 * ((await cpuSeconds(pids)) - cpuBefore)) / seconds;
    const memory = await Promise.all(pids.map(residentMiB));
    ended.abort();
    const memoryMiB = memory.reduce((sum, each) => sum + each, 0);
    return { sent: sentAt.size, delays: [...delays.values()], cpuPercent, memoryMiB };
  });
}

/** Resolves when the node is up to date and waits. */
function followSignals(
  url: string,
  { identity: { nodeId }, authorization }: BareNode,
  signal: AbortSignal,
  arrived: (key: string) => void,
): Promise<void> {
  const stream = new ShapeStream<{ shape: string; version: string }>({
    url: `${url}/v1/shapes/signals`,
    headers: { authorization },
    signal,
    warnOnHttp: false,
    parser: { int8: (text: string) => text },
  });
  return new Promise((resolve, reject) => {
    stream.subscribe((messages) => {
      for (const message of messages) {
        if ("value" in message) arrived(`${nodeId}/${message.value.version}`);
        else if (message.headers.control === "up-to-date") resolve();
      }
    }, reject);
  });
}

async function changeEverySecond(
  pool: Pool,
  nodeId: string,
  { after, times, sentAt }: { after: number; times: number; sentAt: Map<string, number> },
): Promise<void> {
  const begun = performance.now() + after;
  for (let turn = 0; turn < times; turn++) {
    await delay(Math.max(0, begun + 1000 * turn - performance.now()));
    const version = Math.floor(performance.timeOrigin + performance.now());
    sentAt.set(`${nodeId}/${version}`, performance.now());
    await pool.query(
      `insert into shape_signals (node_id, shape, version) values ($1, $2, $3)
        on conflict (node_id, shape) do update set version = excluded.version`,
      [nodeId, shape, version],
    );
  }
}
