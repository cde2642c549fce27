/**
 * While a restored server recovers, what others ask of it waits (design section 4.8): it does not know yet which vouchers
 * were paid, cancelled or leased since the backup, nor which requests it had answered. Reading goes on.
 */
import type { Context, MiddlewareHandler } from "hono";
import type { RecoveryWatch } from "../recovery/watch.ts";

const message =
  "The server was restored from a backup and waits for its nodes; nothing was done. Try again later with the same request id";

/** 503 for everything but reading; `refuse` writes the error as its API does. */
export function refuseWhileRecovering(
  watch: RecoveryWatch,
  refuse: (c: Context, message: string) => Response,
): MiddlewareHandler {
  return async (c, next) => {
    const isReading = c.req.method === "GET" || c.req.method === "HEAD";
    if (isReading || !watch.isOpen()) return next();
    c.header("retry-after", "60");
    return refuse(c, message);
  };
}
