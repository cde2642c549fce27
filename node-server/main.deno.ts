/** The central server on Deno. */
import { runServer } from "./run-server.ts";

/** What is used of Deno's own API. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: (request: Request, info: { remoteAddr: { hostname?: string } }) => Response | Promise<Response>,
  ): { shutdown(): Promise<void> };
};

await runServer(({ fetch, hostname, port, onListening }) => {
  const onListen = (address: { port: number }) => onListening(address.port);
  const server = Deno.serve({ hostname, port, onListen }, (request, { remoteAddr }) =>
    fetch(request, { peerAddress: remoteAddr.hostname }),
  );
  return () => server.shutdown();
});
