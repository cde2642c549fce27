/** One contact with the server, or many: first the queue goes up, then the shapes come down. */
import { backOffMs } from "./back-off.ts";
import { trustedTime } from "./clock.ts";
import type { ShapeName, ShapeStorage } from "./ports/shape-storage.ts";
import { fetchedShapes, fetchMoved, fetchShape } from "./shapes/fetch.ts";
import type { ShapeParts } from "./shapes/fetch.ts";
import { readShape } from "./shapes/stream.ts";
import type { StreamEnd } from "./shapes/stream.ts";
import { upload } from "./upload.ts";
import type { UploadParts, UploadReport } from "./upload.ts";

export interface SyncParts extends UploadParts {
  readonly shapes: ShapeStorage;
  /** What the node does about its leases when it has heard from the server. */
  readonly tend: () => Promise<Tended>;
}

export interface Tended {
  /** Leases that were given back: operations that wait to be uploaded. */
  readonly released: number;
  /** Leases that go on under a new epoch, which comes with the next reading of the shape. */
  readonly renewed: number;
}

export interface SyncReport {
  readonly upload: UploadReport;
  /** What became of each shape that was tried; reading ends with the first that fails. */
  readonly shapes: Partial<Record<ShapeName, StreamEnd>>;
  readonly tended: Tended;
}

const nothingTended: Tended = { released: 0, renewed: 0 };

/** How often a node that is following looks whether there is something to upload, and asks for the time. */
const lookAgainMs = 60_000;
const askForTimeMs = 600_000;
/** On a metered link nothing is followed live: everything is asked for again after this long. */
export const meteredPauseMs = 900_000;

/**
 * Uploads everything, and reads every shape once. Shapes are read even where the upload met a problem, but not by a
 * node that the operator has frozen or revoked: the server would refuse.
 */
export async function syncOnce(parts: SyncParts): Promise<SyncReport> {
  const report = await upload(parts);
  const shapes: Partial<Record<ShapeName, StreamEnd>> = {};
  const keysBefore = parts.trust.keySet().version;
  if (report.problem?.code === "unreachable" || report.status !== "active") {
    return { upload: report, shapes, tended: nothingTended };
  }
  for (const name of ["signals", ...fetchedShapes] as const) {
    if (!isWanted(parts, name)) continue;
    const end = await fetchShape(shapeParts(parts), name);
    shapes[name] = end;
    if (end.kind !== "up-to-date") break;
  }
  const isUnderstoodNow =
    report.problem?.code === "answer-not-trusted" && parts.trust.keySet().version !== keysBefore;
  // The answer was signed by a key that the node has heard of only now.
  const uploaded = isUnderstoodNow ? bothReports(report, await upload(parts)) : report;
  const read = { upload: uploaded, shapes, tended: nothingTended };
  return uploaded.problem === undefined && isComplete(read) ? tendAfter(parts, read) : read;
}

/** What was given back is sent at once, since somebody may be waiting for it; what was renewed is read at once. */
async function tendAfter(parts: SyncParts, read: SyncReport): Promise<SyncReport> {
  const tended = await parts.tend();
  const shapes = { ...read.shapes };
  if (tended.renewed > 0) shapes.leases = await fetchShape(shapeParts(parts), "leases");
  if (tended.released === 0) return { ...read, shapes, tended };
  return { upload: bothReports(read.upload, await upload(parts)), shapes, tended };
}

function bothReports(first: UploadReport, second: UploadReport): UploadReport {
  return {
    ...second,
    sent: first.sent + second.sent,
    applied: first.applied + second.applied,
    rejected: first.rejected + second.rejected,
    held: first.held + second.held,
    contradictions: [...first.contradictions, ...second.contradictions],
  };
}

/** True when nothing is left to be sent or read. */
export function isComplete({ upload, shapes }: SyncReport): boolean {
  const names = ["signals", ...fetchedShapes] as const;
  const isRead = (name: ShapeName) => shapes[name]?.kind === "up-to-date" || isLeftOut(name, shapes);
  return upload.problem === undefined && names.every(isRead);
}

/**
 * Stays in contact until the signal ends it: follows `signals` live, fetches what moved, uploads what was added.
 * Failures are reported and waited out.
 */
export async function follow(
  parts: SyncParts,
  signal: AbortSignal,
  onReport: (report: SyncReport) => void,
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    const report = await syncOnce(parts);
    onReport(report);
    const complete = isComplete(report);
    failures = complete ? 0 : failures + 1;
    if (parts.link.allowance?.isMetered() === true) await parts.patience.sleep(meteredPauseMs, signal);
    else if (complete) await followSignals(parts, signal, onReport);
    if (signal.aborted) return;
    await parts.patience.sleep(backOffMs(failures + 1, 0, parts.patience.randomBytes), signal);
  }
}

/** Ends when the stream does, or when something that it started has failed. */
async function followSignals(
  parts: SyncParts,
  signal: AbortSignal,
  onReport: (report: SyncReport) => void,
): Promise<void> {
  const controller = new AbortController();
  const either = AbortSignal.any([signal, controller.signal]);
  const stop = () => controller.abort();
  let fetching: Promise<void> = Promise.resolve();
  const fetchNext = async (): Promise<void> => {
    const end = await fetchMoved(shapeParts(parts));
    if (end.kind !== "up-to-date") return stop();
    const tended = await parts.tend();
    if (tended.released === 0) return;
    const report = await upload(parts);
    onReport({ upload: report, shapes: {}, tended });
    if (report.problem) stop();
  };
  const onStored = () => {
    fetching = fetching.then(fetchNext).catch(stop);
  };
  const uploading = uploadAtTimes(parts, either, onReport, stop);
  await readShape({ ...shapeParts(parts), name: "signals" }, { live: true, signal: either, onStored });
  stop();
  await Promise.all([fetching, uploading]);
}

async function uploadAtTimes(
  parts: SyncParts,
  signal: AbortSignal,
  onReport: (report: SyncReport) => void,
  stop: () => void,
): Promise<void> {
  const { queue, contact, clock, patience } = parts;
  while (!signal.aborted) {
    await patience.sleep(lookAgainMs, signal);
    if (signal.aborted) return;
    const heardMs = contact.anchor()?.sinceBootMs ?? 0;
    const isQuiet = queue.head().sequence === queue.serverSequence();
    if (isQuiet && clock.sinceBootMs() - heardMs < askForTimeMs) continue;
    const report = await upload(parts);
    const tended = report.problem ? nothingTended : await parts.tend();
    onReport({ upload: report, shapes: {}, tended });
    if (report.problem) return stop();
    // Nothing signals a change of the deny list: a list that did not change must be asked for as well, for its age.
    if (!isWanted(parts, "denied")) continue;
    if ((await fetchShape(shapeParts(parts), "denied")).kind !== "up-to-date") return stop();
  }
}

/**
 * The deny list is of use to nobody whose policy allows nothing at risk; bills are there for agents only, and payees for whom
 * the server signals some.
 */
function isWanted({ contact, trust, shapes }: SyncParts, name: ShapeName): boolean {
  if (isForAgents(name)) return shapes.signalled(name) !== undefined;
  if (name !== "denied") return true;
  const policy = trust.policy(contact.anchor()?.policyVersion ?? 0);
  return policy !== undefined && policy.atRisk !== null;
}

function isForAgents(name: ShapeName): boolean {
  return name === "billers" || name === "bills" || name === "floats" || name === "beneficiaries";
}

/** What comes after it was read, so it was not tried at all. */
function isLeftOut(name: ShapeName, shapes: SyncReport["shapes"]): boolean {
  const isForSome = name === "denied" || isForAgents(name);
  return isForSome && shapes[name] === undefined && shapes.verdicts !== undefined;
}

function shapeParts(parts: SyncParts): ShapeParts {
  const { nodeId, trust, shapes, link, sessions, patience, contact, clock } = parts;
  const context = () => ({ nodeId, keySet: trust.keySet() });
  const time = () => trustedTime(contact.anchor(), clock, 0);
  const pause = () => patience.sleep(0);
  return { storage: shapes, context, link, sessions, patience, time, pause };
}
