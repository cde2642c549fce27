/** Brings shapes up to date, as often as it takes: each try begins from what is stored. */
import { backOffMs } from "../back-off.ts";
import { catchUpKeys } from "../catch-up-keys.ts";
import type { Patience } from "../back-off.ts";
import type { TrustedTime } from "../clock.ts";
import type { ShapeName } from "../ports/shape-storage.ts";
import { TooManyChangesError } from "./consumer.ts";
import { recheckAside } from "./recheck.ts";
import { readShape } from "./stream.ts";
import type { StreamEnd, StreamOptions, StreamParts } from "./stream.ts";

export interface ShapeParts extends Omit<StreamParts, "name" | "reload"> {
  readonly patience: Patience;
  /** Read as a request begins: what it brings is complete as of then. */
  readonly time: () => TrustedTime;
}

/** Every shape but `signals`, in the order in which they rely on one another: keys first. */
export const fetchedShapes = [
  "trust",
  "leases",
  "elsewhere",
  "denied",
  "billers",
  "bills",
  "floats",
  "beneficiaries",
  "verdicts",
] as const satisfies readonly ShapeName[];

/** Reads one shape once, up to date. The last failure is the result. */
export async function fetchShape(parts: ShapeParts, name: ShapeName): Promise<StreamEnd> {
  try {
    return await fetchAndNote(parts, name);
  } catch (error) {
    return { kind: "not-stored", error };
  }
}

async function fetchAndNote(parts: ShapeParts, name: ShapeName): Promise<StreamEnd> {
  const version = name === "signals" ? undefined : parts.storage.signalled(name);
  const begun = parts.time();
  const end = await readPatiently(parts, name, { live: false, signal: parts.patience.signal });
  if (end.kind !== "up-to-date") return end;
  if (isDated(name) && begun.anchored) parts.storage.setAsOf(name, begun.nowMs);
  if (version !== undefined) parts.storage.setFetched(name, version);
  if (name === "trust") {
    await catchUpKeys(parts);
    for (const other of ["trust", "leases", "verdicts"] as const) {
      await recheckAside(parts.storage, other, parts.context);
    }
  }
  return end;
}

/** Fetches the shapes whose signalled version moved since they were last fetched. */
export async function fetchMoved(parts: ShapeParts): Promise<StreamEnd> {
  for (const name of fetchedShapes) {
    const signalled = parts.storage.signalled(name);
    if (signalled === undefined) continue;
    if (signalled === parts.storage.fetched(name)) {
      noteUnmoved(parts, name);
      continue;
    }
    const end = await fetchShape(parts, name);
    if (end.kind !== "up-to-date") return end;
  }
  return { kind: "up-to-date" };
}

/** What is worth less the older it is. */
function isDated(name: ShapeName): boolean {
  return name === "denied" || name === "bills" || name === "beneficiaries";
}

/** Signals were just read, and say nothing new of the bills. Of the deny list they never say anything. */
function noteUnmoved({ storage, time }: ShapeParts, name: ShapeName): void {
  const { anchored, nowMs } = time();
  if (name === "bills" && anchored) storage.setAsOf(name, nowMs);
}

async function readPatiently(parts: ShapeParts, name: ShapeName, options: StreamOptions): Promise<StreamEnd> {
  const { sleep, randomBytes, attempts, signal } = parts.patience;
  let reload = false;
  for (let attempt = 1; ; attempt++) {
    const end = await readShape({ ...parts, name, reload }, options);
    if (isEnd(end) || attempt >= attempts) return end;
    reload = needsReload(end);
    await sleep(backOffMs(attempt, 0, randomBytes), signal);
    if (signal?.aborted) return { kind: "aborted" };
  }
}

/** Another try would end the same. */
function isEnd({ kind }: StreamEnd): boolean {
  return kind === "up-to-date" || kind === "aborted" || kind === "allowance-spent";
}

/** 400 is the answer to an offset that the server has never had: it was restored, or is another one. */
function needsReload(end: StreamEnd): boolean {
  if (end.kind === "not-read") return end.status === 400;
  return end.kind === "not-stored" && end.error instanceof TooManyChangesError;
}
