/** The network between nodes and server: a forwarder on a port of its own that can be cut and joined again. */
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { once } from "node:events";

export interface Link {
  /** Where nodes reach the server while the link is up; nothing answers there while it is cut. */
  readonly url: string;
  cut(): Promise<void>;
  join(): Promise<void>;
}

export async function createLink(target: string): Promise<Link> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let server = forwarder(Number(port), hostname, sockets);
  await listen(server, 0);
  const own = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${own}`,
    async cut() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async join() {
      server = forwarder(Number(port), hostname, sockets);
      await listen(server, own);
    },
  };
}

function forwarder(port: number, host: string, sockets: Set<Socket>): Server {
  return createServer((incoming) => {
    const outgoing = connect(port, host);
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}
