/** How far a sync has come, told now and then rather than for each row. */
import type { ShapeStorage } from "#sync/ports/shape-storage.ts";
import type { SyncProgress } from "./node.ts";

export interface Progress {
  /** Of the queue: operations that the server has answered for, of those that waited. */
  readonly sent: (sent: number, of: number) => void;
  /** The same storage, whose rows are counted as they are stored. */
  counting(shapes: ShapeStorage): ShapeStorage;
}

export function createProgress(tell: (progress: SyncProgress) => void = () => {}): Progress {
  let progress: SyncProgress = { sent: 0, of: 0, received: 0 };
  const change = (part: Partial<SyncProgress>): void => {
    progress = { ...progress, ...part };
    tell(progress);
  };
  const receive = (rows: number): void => {
    if (rows > 0) change({ received: progress.received + rows });
  };
  return {
    sent: (sent, of) => change({ sent, of }),
    counting: (shapes) => ({
      ...shapes,
      stage(name, load, changes) {
        shapes.stage(name, load, changes);
        receive(changes.length);
      },
      apply(batch) {
        const isApplied = shapes.apply(batch);
        if (isApplied) receive(batch.changes.length);
        return isApplied;
      },
    }),
  };
}
