/** The central server on Node. */
import { serve } from "@hono/node-server";
import type { Http2Bindings, HttpBindings } from "@hono/node-server";
import { runServer } from "./run-server.ts";

await runServer(({ fetch, onListening, ...options }) => {
  const answer = (request: Request, env: HttpBindings | Http2Bindings) =>
    fetch(request, { from: env.incoming.socket.remoteAddress });
  const server = serve({ ...options, fetch: answer }, ({ port }) => onListening(port));
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Node itself ends the connections that are idle now, and not those that will be.
    const sweep = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 50);
    await closed;
    clearInterval(sweep);
  };
});
