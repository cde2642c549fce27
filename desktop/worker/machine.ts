/** This machine's clocks. Where the boot cannot be told apart from another, every start counts as one. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import { setImmediate as immediate, setTimeout as delay } from "node:timers/promises";
import type { MachineClock, Sleep } from "#sync/ports/clock.ts";

export function createMachineClock(): MachineClock {
  return {
    wallMs: () => Date.now(),
    sinceBootMs: () => Math.floor(uptime() * 1000),
    bootId: readBootId() ?? randomUUID(),
  };
}

/** No time at all is as long as what waits already takes; the shortest delay would be a millisecond. */
export const machineSleep: Sleep = async (ms, signal) => {
  try {
    if (ms <= 0) await immediate();
    else await delay(ms, undefined, signal ? { signal } : undefined);
  } catch {
    // The signal ended the wait: whoever raised it knows.
  }
};

function readBootId(): string | undefined {
  try {
    if (process.platform === "linux") return asUuid(readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
    if (process.platform === "darwin") {
      return asUuid(execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }));
    }
  } catch {
    // A locked-down machine: its starts are then told apart by process, which only ever makes the node more careful.
  }
  return undefined;
}

function asUuid(text: string): string | undefined {
  const id = text.trim().toLowerCase();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : undefined;
}
