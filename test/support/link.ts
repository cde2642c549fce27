/** The network between nodes and server: a forwarder on a port of its own that can be cut and joined again. */
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { once } from "node:events";
import { Transform } from "node:stream";

export interface Link {
  /** Where nodes reach the server while the link is up; nothing answers there while it is cut. */
  readonly url: string;
  cut(): Promise<void>;
  join(): Promise<void>;
  /** What is sent in this direction from now on never arrives, and nobody is told; until `join`. */
  lose(direction: Direction): void;
  /** Bytes of the HTTP that went either way since the last call: heads and bodies as they are sent. */
  bytesSince(): { readonly toServer: number; readonly toNode: number };
  /**
   * The link breaks as the server answers the next request whose bytes fit: the server has done it, and the answer never
   * comes. Cut from then on; `lost` resolves.
   */
  breakAtAnswerTo(request: RegExp): void;
  /** Resolves when something was lost. */
  lost(): Promise<void>;
}

export async function createLink(target: string): Promise<Link> {
  const { hostname, port } = new URL(target);
  const line: Line = {
    port: Number(port),
    host: hostname,
    sockets: new Set(),
    losing: undefined,
    breakAt: undefined,
    bytes: { "to-server": 0, "to-node": 0 },
    lost: Promise.withResolvers(),
  };
  let server = forwarder(line);
  await listen(server, 0);
  const own = (server.address() as AddressInfo).port;
  const cut = async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of line.sockets) socket.destroy();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${own}`,
    cut,
    async join() {
      if (server.listening) await cut();
      line.losing = undefined;
      server = forwarder(line);
      await listen(server, own);
    },
    lose(direction) {
      line.losing = direction;
      line.lost = Promise.withResolvers();
    },
    bytesSince() {
      const { "to-server": toServer, "to-node": toNode } = line.bytes;
      line.bytes = { "to-server": 0, "to-node": 0 };
      return { toServer, toNode };
    },
    breakAtAnswerTo(request) {
      line.breakAt = { request, cut };
      line.lost = Promise.withResolvers();
    },
    lost: () => line.lost.promise,
  };
}

type Direction = "to-server" | "to-node";

interface Line {
  readonly port: number;
  readonly host: string;
  readonly sockets: Set<Socket>;
  losing: Direction | undefined;
  breakAt: { readonly request: RegExp; readonly cut: () => Promise<void> } | undefined;
  bytes: Record<Direction, number>;
  lost: PromiseWithResolvers<void>;
}

function forwarder(line: Line): Server {
  const { sockets } = line;
  return createServer((incoming) => {
    const outgoing = connect(line.port, line.host);
    let breaks: (() => Promise<void>) | undefined;
    for (const [socket, other, direction] of [
      [incoming, outgoing, "to-server"],
      [outgoing, incoming, "to-node"],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      const sieve = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          line.bytes[direction] += chunk.length;
          const { breakAt } = line;
          if (direction === "to-server" && breakAt?.request.test(chunk.toString("latin1"))) {
            breaks = breakAt.cut;
            line.breakAt = undefined;
          } else if (direction === "to-node" && breaks) {
            line.lost.resolve();
            return void breaks();
          }
          if (line.losing !== direction) return done(null, chunk);
          line.lost.resolve();
          done();
        },
      });
      socket.pipe(sieve).pipe(other);
    }
  });
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}
