/**
 * A process that does with its own PostgreSQL what the server does, for tests that kill it. It tells its parent the URL
 * or the refusal, and stops in order on SIGTERM or when the parent has gone.
 */
import { EmbeddedPostgresError, startEmbeddedPostgres } from "../../node-server/postgres/embedded.ts";

export type Told =
  | { readonly url: string }
  | { readonly code: EmbeddedPostgresError["code"]; readonly message: string };

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

try {
  const postgres = await startEmbeddedPostgres({ dataFolder: process.argv[2] ?? "", log: quiet });
  const stop = () => void postgres.stop().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("disconnect", stop);
  tell({ url: postgres.url });
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error;
  tell({ code: error.code, message: error.message });
  process.disconnect();
}

function tell(told: Told): void {
  process.send?.(told);
}
