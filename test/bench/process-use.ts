/** What processes use of the machine, as Linux tells it; zero elsewhere. */
import { readdir, readFile } from "node:fs/promises";

/** The most memory that the process had resident so far. */
export function peakMiB(pid: number | undefined): Promise<number> {
  return memoryMiB(pid, "VmHWM");
}

/** The memory that it has resident now. */
export function residentMiB(pid: number | undefined): Promise<number> {
  return memoryMiB(pid, "VmRSS");
}

async function memoryMiB(pid: number | undefined, field: "VmHWM" | "VmRSS"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(new RegExp(`${field}:\\s+([0-9]+)`).exec(status)?.[1] ?? 0) / 1024;
}

/** Processor time of these processes and all that they started, at 100 ticks a second. */
export async function cpuSeconds(roots: readonly (number | undefined)[]): Promise<number> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^[0-9]+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  const processes = stats.flatMap((stat) => {
    // The name of a program is in brackets and may hold anything.
    const [, pid, rest] = /^([0-9]+) .*\) (.*)$/s.exec(stat) ?? [];
    const fields = rest?.split(" ") ?? [];
    return pid === undefined
      ? []
      : [{ pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
  });
  const ticksOf = (pid: number | undefined): number =>
    processes.filter(({ parent }) => parent === pid).reduce((sum, child) => sum + ticksOf(child.pid), 0) +
    (processes.find((one) => one.pid === pid)?.ticks ?? 0);
  return roots.reduce<number>((sum, root) => sum + ticksOf(root), 0) / 100;
}
