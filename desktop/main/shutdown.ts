/**
 * How the program ends. What was accepted is on the disk before the screen says so, so no way of ending loses it; an
 * orderly one also closes the files, and tells whoever quits what is still unsent.
 *
 * E8  Nobody quits unaware of unsent operations: their number and value are named, and staying is the default.
 * E9  The till is closed once, before the process ends. The system's own end (logout, shutdown, SIGTERM) asks nothing, and
 *     a till that does not close does not keep the process.
 */
import type { Unsent } from "./status.ts";

export interface ShutdownParts {
  /** Undefined where there is nothing to name, or the till cannot say. */
  readonly unsent: () => Promise<Unsent | undefined>;
  readonly mayQuit: (unsent: Unsent) => Promise<boolean>;
  readonly close: () => Promise<void>;
  readonly exit: (code: number) => void;
  readonly onFailure: (error: unknown) => void;
  /** How long the closing may hold up the end. */
  readonly longestCloseMs?: number;
}

export interface Shutdown {
  /** Somebody wants to quit. */
  ask(): void;
  /** The system ends the program: nobody is asked, and nothing holds it up but the closing of the files. */
  now(code?: number): void;
}

export function createShutdown(parts: ShutdownParts): Shutdown {
  const { unsent, mayQuit, close, exit, onFailure, longestCloseMs = 15_000 } = parts;
  let isAsking = false;
  let isClosing = false;
  const closeAndExit = async (code: number): Promise<void> => {
    if (isClosing) return;
    isClosing = true;
    try {
      await within(longestCloseMs, close());
    } catch (error) {
      onFailure(error);
    }
    exit(code);
  };
  const askAndClose = async (): Promise<void> => {
    if (isAsking || isClosing) return;
    isAsking = true;
    try {
      const waiting = await unsent();
      if (!waiting || (await mayQuit(waiting))) await closeAndExit(0);
    } finally {
      isAsking = false;
    }
  };
  return {
    ask: () => void askAndClose().catch(onFailure),
    now: (code = 0) => void closeAndExit(code),
  };
}

/** Throws when it takes longer. What it waited for goes on, and is nobody's concern any more. */
async function within(longestMs: number, work: Promise<void>): Promise<void> {
  const tooLong = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLong.reject(new Error(`not closed within ${longestMs} ms`)), longestMs);
  try {
    await Promise.race([work, tooLong.promise]);
  } finally {
    clearTimeout(timer);
  }
}
