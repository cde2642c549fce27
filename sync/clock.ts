/**
 * The time that a node trusts: the last signed server time, advanced by the time since boot while the machine has not
 * been started again (design: "Clock"). Small machines wake up at the hour they were switched off.
 */
import type { MachineClock } from "./ports/clock.ts";

export interface ClockAnchor {
  readonly serverTimeMs: number;
  /** What the machine's clocks said when the server was asked, so that the error is on the safe side. */
  readonly wallMs: number;
  readonly bootId: string;
  readonly sinceBootMs: number;
  /** The policy that the server named with this time; 0 for none. */
  readonly policyVersion: number;
}

export interface TrustedTime {
  readonly nowMs: number;
  /** False where the time rests on the machine's own wall clock: after a restart, or where the clocks disagree. */
  readonly anchored: boolean;
}

/** How far wall time and time since boot may drift apart within one boot before neither is believed. */
export const clockToleranceMs = 120_000;

/** `latestMs` is the latest time this node ever wrote down: the time is never taken to be earlier. */
export function trustedTime(
  anchor: ClockAnchor | undefined,
  machine: MachineClock,
  latestMs: number,
): TrustedTime {
  const wallMs = machine.wallMs();
  if (!anchor) return { nowMs: Math.max(wallMs, latestMs), anchored: false };
  const elapsedMs = machine.sinceBootMs() - anchor.sinceBootMs;
  const serverMs = anchor.serverTimeMs + elapsedMs;
  const sameBoot = machine.bootId === anchor.bootId && elapsedMs >= 0;
  const agrees = Math.abs(wallMs - anchor.wallMs - elapsedMs) <= clockToleranceMs;
  if (sameBoot && agrees) return { nowMs: Math.max(serverMs, latestMs), anchored: true };
  const earliest = sameBoot ? serverMs : anchor.serverTimeMs;
  // The wall clock counts by its known distance from the server's, and only ever forwards.
  const wallAsServer = wallMs + (anchor.serverTimeMs - anchor.wallMs);
  return { nowMs: Math.max(earliest, wallAsServer, latestMs), anchored: false };
}

/** A signed server time moves the anchor, never back within one boot: an old answer told again changes nothing. */
export function nextAnchor(current: ClockAnchor | undefined, heard: ClockAnchor): ClockAnchor {
  if (!current || current.bootId !== heard.bootId) {
    return current && heard.serverTimeMs < current.serverTimeMs ? current : heard;
  }
  const expectedMs = current.serverTimeMs + heard.sinceBootMs - current.sinceBootMs;
  return heard.serverTimeMs + clockToleranceMs < expectedMs ? current : heard;
}

/** How many milliseconds the machine's wall clock is ahead of the server's, as last heard. */
export function clockOffsetMs(anchor: ClockAnchor): number {
  return anchor.wallMs - anchor.serverTimeMs;
}
