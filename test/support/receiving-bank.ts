/** A bank that takes sub-batches over real HTTP, with books of its own, and can be told to fail. Simulated. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export type BankBehaviour =
  | "takes"
  /** Takes it, and its answer is lost. */
  | "takes-unheard"
  /** Takes the first half, then breaks. */
  | "takes-half"
  | "lost"
  | "unavailable"
  /** Refuses all of it in the standard's words. */
  | "refuses";

export interface SubBatch {
  readonly batchId: string;
  readonly destinationDFSPID: string;
  readonly creditInstructions: readonly {
    readonly instructionID: string;
    readonly financialAddress: string;
    readonly amount: number;
    readonly currency: string;
    readonly narration: string;
  }[];
}

export interface ReceivingBank {
  readonly url: string;
  /** Sub-batches as they came. */
  readonly arrived: readonly SubBatch[];
  /** How often each account was credited. */
  readonly credited: ReadonlyMap<string, number>;
  readonly next: BankBehaviour[];
  /** Accounts that it does not know. */
  readonly closed: Set<string>;
  close(): void;
}

export async function startReceivingBank(): Promise<ReceivingBank> {
  const arrived: SubBatch[] = [];
  const credited = new Map<string, number>();
  const next: BankBehaviour[] = [];
  const closed = new Set<string>();
  /** By sub-batch and instruction. */
  const books = new Map<string, Map<string, "COMPLETED" | "FAILED">>();

  function take(batch: SubBatch, count: number): void {
    const rows = books.get(batch.batchId) ?? new Map<string, "COMPLETED" | "FAILED">();
    books.set(batch.batchId, rows);
    for (const { instructionID, financialAddress } of batch.creditInstructions.slice(0, count)) {
      if (rows.has(instructionID)) continue;
      rows.set(instructionID, closed.has(financialAddress) ? "FAILED" : "COMPLETED");
      if (!closed.has(financialAddress))
        credited.set(financialAddress, (credited.get(financialAddress) ?? 0) + 1);
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const url = new URL(request.url ?? "/", "http://bank");
    if (request.method === "GET") {
      const rows = books.get(url.searchParams.get("batchId") ?? "");
      if (!rows) return send(404, { responseCode: "01", responseDescription: "no such batch" });
      const all = [...rows].map(([transactionId, status]) => ({
        transactionId,
        status,
        statusDetail: status === "FAILED" ? "account closed" : "",
      }));
      const size = Number(url.searchParams.get("pageSize"));
      const from = (Number(url.searchParams.get("pageNo")) - 1) * size;
      return send(200, all.slice(from, from + size));
    }
    const batch = (await json(request)) as SubBatch;
    arrived.push(batch);
    const count = batch.creditInstructions.length;
    switch (next.shift() ?? "takes") {
      case "takes":
        take(batch, count);
        return send(202, { batchId: batch.batchId });
      case "takes-unheard":
        take(batch, count);
        response.destroy();
        return;
      case "takes-half":
        take(batch, Math.floor(count / 2));
        response.destroy();
        return;
      case "lost":
        response.destroy();
        return;
      case "unavailable":
        return send(503, {});
      case "refuses":
        return send(400, { responseCode: "01", responseDescription: "limit exceeded", errors: [] });
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    credited,
    next,
    closed,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
