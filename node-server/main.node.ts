/** The central server on Node. */
import type { AddressInfo } from "node:net";
import { createNodeServer } from "./listen.node.ts";
import { runServer } from "./run-server.ts";

await runServer(({ fetch, hostname, port, onListening }) => {
  const server = createNodeServer(fetch);
  server.listen(port, hostname, () => onListening((server.address() as AddressInfo).port));
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Node itself ends the connections that are idle now, and not those that will be.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    await closed;
    clearInterval(sweep);
  };
});
