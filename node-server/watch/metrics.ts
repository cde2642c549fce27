/** What Prometheus is told at `/metrics` (docs/monitoring/ has dashboards and alerts that use these names). */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Pool } from "pg";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { readQueueDepths, readVitalSigns } from "../postgres/vital-signs.ts";
import type { QueueDepth, VitalSigns, Waiting } from "../postgres/vital-signs.ts";

export interface Metrics {
  observeRequest(request: RequestSeen): void;
  /** A verdict that a node was told. */
  countVerdict(type: string, verdict: string): void;
  countCallback(outcome: "taken" | "refused"): void;
  /** In the text format of Prometheus. */
  render(): Promise<string>;
  readonly contentType: string;
}

export interface RequestSeen {
  readonly method: string;
  /** The pattern that it matched, so that their number is bounded. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export function createMetrics(pool: Pool, startedMs = Date.now()): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: "paypost_http_request_duration_seconds",
    help: "How long requests took, held polls included",
    labelNames: ["method", "route", "status"] as const,
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const verdicts = new Counter({
    name: "paypost_operations_total",
    help: "Operations of nodes by their type and verdict",
    labelNames: ["type", "verdict"] as const,
    registers,
  });
  const callbacks = new Counter({
    name: "paypost_callbacks_total",
    help: "Tries to send a callback, by what the receiver did",
    labelNames: ["outcome"] as const,
    registers,
  });
  const gauge = gaugesOf(registry);
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  return {
    contentType: registry.contentType,
    observeRequest({ method, route, status, seconds }) {
      requests.observe({ method, route, status: String(status) }, seconds);
    },
    countVerdict: (type, verdict) => verdicts.inc({ type, verdict }),
    countCallback: (outcome) => callbacks.inc({ outcome }),
    async render() {
      gauge.reset();
      gauge.set(
        "paypost_process_uptime_seconds",
        "Since when this process runs",
        (Date.now() - startedMs) / 1000,
      );
      gauge.set("paypost_process_memory_bytes", "Memory that this process holds", process.memoryUsage().rss);
      // Nanoseconds; not a number before it has seen anything.
      const lag = loop.percentile(99) / 1e9;
      gauge.set("paypost_event_loop_lag_seconds", "The 99th percentile since the last scrape", lag || 0);
      loop.reset();
      const { totalCount, idleCount, waitingCount } = pool;
      const connections = { used: totalCount - idleCount, idle: idleCount, awaited: waitingCount };
      for (const [state, count] of Object.entries(connections))
        gauge.set("paypost_database_connections", "Connections of this process", count, { state });
      const read = await Promise.all([readVitalSigns(pool), readQueueDepths(pool)]).catch(() => undefined);
      gauge.set("paypost_database_up", "1 while the database answers", read ? 1 : 0);
      if (read) {
        setSigns(gauge, read[0]);
        setQueues(gauge, read[1]);
      }
      return registry.metrics();
    },
  };
}

interface Gauges {
  set(name: string, help: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** What is not set again is not told again. */
  reset(): void;
}

function gaugesOf(registry: Registry): Gauges {
  const made = new Map<string, Gauge>();
  return {
    set(name, help, value, labels = {}) {
      const known = made.get(name);
      const gauge =
        known ?? new Gauge({ name, help, labelNames: Object.keys(labels), registers: [registry] });
      made.set(name, gauge);
      gauge.set(labels, value);
    },
    reset() {
      for (const gauge of made.values()) gauge.reset();
    },
  };
}

function setSigns(gauge: Gauges, signs: VitalSigns): void {
  const waiting = (what: string, { count, oldestSeconds }: Waiting) => {
    gauge.set("paypost_waiting", "What waits to be done or taken", count, { what });
    gauge.set("paypost_waiting_oldest_seconds", "Since when the oldest of it waits", oldestSeconds, { what });
  };
  waiting("callbacks", signs.callbacks);
  waiting("notifications", signs.notifications);
  waiting("audit-seals", signs.unsealed);
  for (const [state, payouts] of Object.entries(signs.payouts)) waiting(`payouts-${state}`, payouts);
  gauge.set("paypost_operations_held", "Operations that wait for a decision", 0, { reason: "recovery" });
  for (const [reason, held] of Object.entries(signs.held))
    gauge.set("paypost_operations_held", "Operations that wait for a decision", held.count, { reason });
  gauge.set("paypost_alerts_open", "Alerts that nobody has looked into", signs.alerts);
  gauge.set("paypost_shape_log_unstamped", "Changes that no node can see yet", signs.shapeLog.unstamped);
  gauge.set("paypost_shape_log_position", "The last change that nodes can see", signs.shapeLog.position);
  gauge.set("paypost_database_generation", "Raised by each restore", signs.generation);
  gauge.set("paypost_recovering", "1 while a restored database recovers", signs.isRecovering ? 1 : 0);
  gauge.set("paypost_nodes", "Nodes that work", signs.nodes.active, { state: "active" });
  gauge.set("paypost_nodes", "Nodes that work", signs.nodes.silentForWeek, { state: "silent-for-a-week" });
  gauge.set(
    "paypost_wal_archive_failures",
    "Since the last segment that was archived",
    signs.archiveFailures,
  );
}

function setQueues(gauge: Gauges, queues: readonly QueueDepth[]): void {
  gauge.set("paypost_jobs", "Jobs that are not done", 0, { queue: "payout", state: "created" });
  for (const { queue, state, count } of queues)
    gauge.set("paypost_jobs", "Jobs that are not done", count, { queue, state });
}
