/**
 * How the program ends. What was accepted is on the disk before the screen says so, so no way of ending loses it; an
 * orderly one also closes the files, and tells whoever quits what is still unsent.
 *
 * E8  Nobody quits unaware of unsent operations: their number and value are named, and staying is the default.
 * E9  The till is closed once, before the process ends. The system's own end (logout, shutdown, SIGTERM) asks nothing.
 */
import type { Unsent } from "./status.ts";

export interface ShutdownParts {
  /** Undefined where there is nothing to name, or the till cannot say. */
  readonly unsent: () => Promise<Unsent | undefined>;
  readonly mayQuit: (unsent: Unsent) => Promise<boolean>;
  readonly close: () => Promise<void>;
  readonly exit: (code: number) => void;
  readonly onFailure: (error: unknown) => void;
}

export interface Shutdown {
  /** Somebody wants to quit. */
  ask(): void;
  /** The system ends the program: nobody is asked, and nothing holds it up but the closing of the files. */
  now(code?: number): void;
}

export function createShutdown({ unsent, mayQuit, close, exit, onFailure }: ShutdownParts): Shutdown {
  let isAsking = false;
  let isClosing = false;
  const closeAndExit = async (code: number): Promise<void> => {
    if (isClosing) return;
    isClosing = true;
    try {
      await close();
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
