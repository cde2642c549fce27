/** The central server on Node. */
import { serve } from "@hono/node-server";
import { runServer } from "./run-server.ts";

await runServer(({ onListening, ...options }) => {
  const server = serve(options, ({ port }) => onListening(port));
  return () => void server.close();
});
