/** An institution's callback receiver: a real HTTP server that keeps what it was sent and can refuse for a while. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { EventEmitter } from "node:events";

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

/** `react` is told of each callback that was taken, after it was answered. */
export async function startCallbackReceiver(
  react: (callback: ReceivedCallback) => void = () => {},
): Promise<CallbackReceiver> {
  const received: ReceivedCallback[] = [];
  const arrivals = new EventEmitter().setMaxListeners(100);
  let refusals = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (refusals > 0) {
        refusals--;
        response.writeHead(503).end();
        return;
      }
      const text = Buffer.concat(chunks).toString();
      const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
      const callback = {
        path: request.url ?? "",
        method: request.method ?? "",
        headers: request.headers as Record<string, string>,
        text,
        body,
      };
      received.push(callback);
      response.writeHead(202).end();
      arrivals.emit("arrival");
      react(callback);
    });
  });
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
