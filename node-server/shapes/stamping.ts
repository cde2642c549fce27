/**
 * When the log is stamped. Writers do not notify (see `../postgres/shape-stamper.ts`), so somebody has to look: every
 * read stamps first, which also lets a node read what its own upload just caused; a writer may call `wake` after its
 * commit; and while requests are held in this process it looks every `pollMs`, for commits of other processes.
 * So nothing runs while nobody follows, and a look is one read of an index that is empty nearly always.
 */

export interface Stamping {
  /** Resolves when everything committed before the call is stamped. */
  stampNow(): Promise<void>;
  /** The same, without waiting; failures are reported and made good by the next look. */
  wake(): void;
  close(): Promise<void>;
}

export interface StampingOptions {
  readonly stamp: () => Promise<void>;
  /** Whether requests are held. */
  readonly isFollowed: () => boolean;
  readonly onFailed: (error: unknown) => void;
  readonly pollMs: number;
}

/** After a failure the looks are this many times further apart, until one succeeds. */
const slowDown = 10;

export function createStamping({ stamp, isFollowed, onFailed, pollMs }: StampingOptions): Stamping {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  // A stamping under way may have looked at the log before the caller's commit: whoever comes meanwhile shares the next one.
  const run = (): Promise<void> => {
    if (!running) {
      running = stamp().finally(() => {
        running = undefined;
      });
      return running;
    }
    next ??= running.catch(ignore).then(() => {
      next = undefined;
      return run();
    });
    return next;
  };

  const look = async () => {
    timer = undefined;
    let waitMs = pollMs;
    try {
      await run();
    } catch (error) {
      waitMs = pollMs * slowDown;
      onFailed(error);
    }
    schedule(waitMs);
  };

  const schedule = (waitMs: number) => {
    if (closed || timer !== undefined || !isFollowed()) return;
    timer = setTimeout(() => void look(), waitMs);
  };

  return {
    stampNow() {
      schedule(pollMs);
      return run();
    },
    wake() {
      if (!closed) run().catch(onFailed);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await Promise.allSettled([running, next]);
    },
  };
}

function ignore(): void {}
