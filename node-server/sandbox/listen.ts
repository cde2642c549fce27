/** Listening on this machine's loopback addresses, 127.0.0.1 and ::1, and on no other. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeServer, endListening } from "../listen.node.ts";
import type { AnswerRequest } from "../middleware/peer.ts";

export interface Listening {
  readonly urls: readonly string[];
  /** Resolves when the last request is answered. */
  close(): Promise<void>;
}

/** Rejects with the code EADDRINUSE when the port is taken. A machine without IPv6 has 127.0.0.1 alone. */
export async function listenOnLoopback(fetch: AnswerRequest, port: number): Promise<Listening> {
  const first = await listen(fetch, "127.0.0.1", port);
  const taken = (first.address() as AddressInfo).port;
  const second = await listen(fetch, "::1", taken).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") return undefined;
    first.close();
    throw error;
  });
  return {
    urls: [`http://127.0.0.1:${taken}`, ...(second ? [`http://[::1]:${taken}`] : [])],
    async close() {
      await Promise.all([endListening(first), second && endListening(second)]);
    },
  };
}

async function listen(fetch: AnswerRequest, hostname: string, port: number): Promise<Server> {
  const server = createNodeServer(fetch);
  server.listen(port, hostname);
  // Rejects when an error comes before.
  await once(server, "listening");
  return server;
}
