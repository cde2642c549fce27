/**
 * A reverse proxy as an installation has one in front of its servers: it asks each for its readiness, sends requests to those that
 * are ready in turn, over connections that it keeps, and tries another one only where a request did not reach a server.
 */
import { Agent, createServer, request as ask } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";

export interface ReverseProxy {
  readonly url: string;
  /** Where its servers are now; a server that starts anew is at another port. */
  setBackend(index: number, url: string): void;
  /** Which of them it takes for ready. */
  ready(): readonly number[];
  close(): Promise<void>;
}

const askEveryMs = 250;

export async function startReverseProxy(backends: readonly string[]): Promise<ReverseProxy> {
  const agent = new Agent({ keepAlive: true });
  const urls = [...backends];
  const isReady = urls.map(() => true);
  let turn = 0;
  const look = async (index: number) => {
    const url = urls[index];
    const is = await fetch(`${url}/readiness`, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (urls[index] === url) isReady[index] = is;
  };
  const timer = setInterval(() => urls.forEach((_, index) => void look(index)), askEveryMs);

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const order = urls.map((_, index) => (turn + index) % urls.length).toSorted(byReadiness);
    turn += 1;
    for (const index of order) {
      const answer = await send(urls[index] ?? "", incoming, body).catch(
        (error: NodeJS.ErrnoException) => error,
      );
      if (!(answer instanceof Error)) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      isReady[index] = false;
      if (answer.code !== "ECONNREFUSED") break;
    }
    outgoing.writeHead(502).end();
  }

  function byReadiness(a: number, b: number): number {
    return Number(isReady[b]) - Number(isReady[a]);
  }

  function send(url: string, { method, url: path = "", headers }: IncomingMessage, body: Buffer) {
    const { host: _, connection: __, ...rest } = headers;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = ask(url + path, { method, headers: rest, agent }, resolve);
      sent.on("error", reject);
      sent.end(body);
    });
  }

  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setBackend(index, url) {
      urls[index] = url;
      isReady[index] = false;
    },
    ready: () => urls.flatMap((_, index) => (isReady[index] ? [index] : [])),
    async close() {
      clearInterval(timer);
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
