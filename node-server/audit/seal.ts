/** Gives entries of the audit trail their places in the chain, for as long as a server runs. */
import type { Pool } from "pg";
import { sealAudit } from "../postgres/audit-chain.ts";

/** An entry has its place within a second of its commit (design section 6). */
const everyMs = 500;

/** Every process of an installation does it; the database lets one at a time. */
export function startSealing(
  pool: Pool,
  log: { warn(fields: object, message: string): void },
): { close(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    running = sealAudit(pool)
      .then(
        () => undefined,
        (error: unknown) => log.warn({ err: error }, "the audit trail was not sealed; it is tried again"),
      )
      .finally(() => (isBusy = false));
  }, everyMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await running;
      await sealAudit(pool).catch(() => undefined);
    },
  };
}
