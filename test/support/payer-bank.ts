/** A payer bank: a real HTTP server that keeps what it was asked, and answers when the test has it answer. Simulated. */
import { once } from "node:events";
import { EventEmitter } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface AskedFunds {
  readonly path: string;
  readonly correlationId: string;
  readonly callbackUrl: string;
  /** In whose name it was asked; empty where the question does not say. */
  readonly institution: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface PayerBank {
  readonly url: string;
  readonly asked: readonly AskedFunds[];
  /** Waits until it was asked about the batch that often. */
  waitFor(batchId: string, times?: number): Promise<AskedFunds>;
  /** Answers the next question with this status instead of 202. */
  failNext(status: number): void;
  close(): void;
}

export async function startPayerBank(): Promise<PayerBank> {
  const asked: AskedFunds[] = [];
  const arrivals = new EventEmitter();
  let failure: number | undefined;
  const server = createServer((request, response) => {
    const receive = async () => {
      const body = await json(request);
      const { headers, url = "" } = request;
      asked.push({
        path: url,
        correlationId: String(headers["x-correlationid"]),
        callbackUrl: String(headers["x-callbackurl"] ?? headers["x-callback-url"]),
        institution: String(headers["x-registering-institution-id"] ?? ""),
        body: body as Record<string, unknown>,
      });
      response.writeHead(failure ?? 202).end("{}");
      failure = undefined;
      arrivals.emit("arrival");
    };
    void receive();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async waitFor(batchId, times = 1) {
      for (;;) {
        const found = asked.filter(({ body }) => (body["batchID"] ?? body["batchId"]) === batchId)[times - 1];
        if (found) return found;
        await once(arrivals, "arrival");
      }
    },
    failNext(status) {
      failure = status;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
