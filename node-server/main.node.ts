/** The central server on Node. */
import { serve } from "@hono/node-server";
import { runServer } from "./run-server.ts";

await runServer(({ onListening, ...options }) => {
  const server = serve(options, ({ port }) => onListening(port));
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Node itself ends the connections that are idle now, and not those that will be.
    const sweep = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 50);
    await closed;
    clearInterval(sweep);
  };
});
