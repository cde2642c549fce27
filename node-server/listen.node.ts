/**
 * Listening on Node. Whoever connects has so long for the headers, the request and each pause, and no more than so many
 * connections are held, so that slow or silent ones do not keep others out.
 */
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { AnswerRequest } from "./middleware/peer.ts";

export interface ConnectionLimits {
  readonly headersMs: number;
  /** For the whole request: a till on a poor link needs minutes for an upload. */
  readonly requestMs: number;
  /** Without a byte in either direction; longer than any answer takes and any poll is held. */
  readonly silenceMs: number;
  /** Between two requests; longer than proxies keep theirs, so that none sends into a connection that closes. */
  readonly keepAliveMs: number;
  readonly connections: number;
}

export const usualLimits: ConnectionLimits = {
  headersMs: 15_000,
  requestMs: 600_000,
  silenceMs: 120_000,
  keepAliveMs: 75_000,
  connections: 5_000,
};

const mostHeaders = 100;

/** The server does not listen yet. */
export function createNodeServer(answer: AnswerRequest, limits: ConnectionLimits = usualLimits): Server {
  const server = createAdaptorServer({
    fetch: (request, { incoming }) =>
      answer(request, { peerAddress: (incoming as IncomingMessage).socket.remoteAddress }),
    createServer,
    serverOptions: {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
      maxHeaderSize: 16_384,
    },
  }) as Server;
  server.timeout = limits.silenceMs;
  server.maxConnections = limits.connections;
  server.maxHeadersCount = mostHeaders;
  return server;
}

/** Takes no further connections; resolves when the last request is answered. */
export async function endListening(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Node itself ends the connections that are idle now, and not those that will be.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await closed;
  clearInterval(sweep);
}
