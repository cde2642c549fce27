/** The central server on Node. */
import type { AddressInfo } from "node:net";
import { createNodeServer, endListening } from "./listen.node.ts";
import { runServer } from "./run-server.ts";

await runServer(({ fetch, hostname, port, onListening }) => {
  const server = createNodeServer(fetch);
  server.listen(port, hostname, () => onListening((server.address() as AddressInfo).port));
  return () => endListening(server);
});
