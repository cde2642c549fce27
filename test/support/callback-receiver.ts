/** An institution's callback receiver: a real HTTP server that keeps what it was sent and can refuse for a while. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { EventEmitter } from "node:events";
import { text as textOf } from "node:stream/consumers";

export interface ReceivedCallback {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it came. */
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface CallbackReceiver {
  readonly url: string;
  readonly received: readonly ReceivedCallback[];
  /** The first callback that matches, whether it came already or is still to come. */
  waitFor(matches: (callback: ReceivedCallback) => boolean): Promise<ReceivedCallback>;
  /** How many of the next callbacks are answered 503. */
  refuseNext(count: number): void;
  close(): Promise<void>;
}

/** What a receiver does about each callback that it takes: before it answers, and after. */
export interface Reactions {
  readonly before?: (callback: ReceivedCallback) => Promise<unknown>;
  readonly after?: (callback: ReceivedCallback) => void;
}

export async function startCallbackReceiver({ before, after }: Reactions = {}): Promise<CallbackReceiver> {
  const received: ReceivedCallback[] = [];
  const arrivals = new EventEmitter().setMaxListeners(100);
  let refusals = 0;
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);
    if (refusals > 0) {
      refusals--;
      response.writeHead(503).end();
      return;
    }
    const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    const { url: path = "", method = "" } = request;
    const taken = { path, method, headers: request.headers as Record<string, string>, text, body };
    await before?.(taken);
    received.push(taken);
    response.writeHead(202).end();
    arrivals.emit("arrival");
    after?.(taken);
  }
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    received,
    async waitFor(matches) {
      for (;;) {
        const found = received.find(matches);
        if (found) return found;
        await once(arrivals, "arrival");
      }
    },
    refuseNext(count) {
      refusals = count;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
