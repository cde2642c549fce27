/** Two transactions in a chosen order: the first is held open, with its locks, until the second waits for it. */
import type { Pool } from "pg";
import type { Store, Tx } from "../../node-server/ports/store.ts";

export interface BarrierStore extends Store {
  /** Resolves once a transaction has done its work on a locked voucher and stands before its end. */
  readonly reached: Promise<void>;
  /** Lets it end. */
  open(): void;
}

/** Holds the first transaction that locks a voucher, whether it is going to commit or to roll back. */
export function barrierStore(store: Store): BarrierStore {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: gate.resolve,
    transaction: (work) =>
      store.transaction(async (tx) => {
        const watched = watchLocks(tx);
        try {
          return await work(watched.tx);
        } finally {
          if (watched.hasLocked()) {
            reached.resolve();
            await gate.promise;
          }
        }
      }),
  };
}

function watchLocks(tx: Tx): { readonly tx: Tx; readonly hasLocked: () => boolean } {
  let locked = false;
  const vouchers: Tx["vouchers"] = {
    ...tx.vouchers,
    lock: (serials) => {
      locked = true;
      return tx.vouchers.lock(serials);
    },
  };
  return { tx: { ...tx, vouchers }, hasLocked: () => locked };
}

/** Resolves once a statement in the database waits for a lock that another transaction holds. */
export async function untilSomebodyWaits(pool: Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ waiting: bigint }>(
      `select count(*) as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rows[0] && rows[0].waiting > 0n) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
