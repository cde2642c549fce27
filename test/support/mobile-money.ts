/**
 * A provider that speaks the GSMA Mobile Money API 1.1.2 over real HTTP, with books of its own, and fails in every way that
 * the standard and the network allow. Simulated: there is no real provider to be had here.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export const providerBehaviours = [
  /** 201, completed. */
  "completes",
  /** 202, then the callback. */
  "completes-later",
  /** 202; found completed when it is polled for the third time; no callback. */
  "completes-when-polled",
  /** 202, completed, and the callback never comes; the answer is lost as well. */
  "completes-unheard-later",
  /** 201 whose status is still pending; completed afterwards. */
  "pending-object",
  /** 202, then it fails, by callback. */
  "fails-later",
  "business-rule",
  "validation",
  "identification",
  /** 401: our credentials are wrong, this once. */
  "unauthorised",
  /** 500 with the standard's error; it was carried out. */
  "internal-carried-out",
  /** 500 with the standard's error; it was not. */
  "internal-not-carried-out",
  "unavailable",
  /** A gateway's own page with 502; it was carried out. */
  "bad-gateway-carried-out",
  "bad-gateway-not-carried-out",
  /** A 404 that no provider wrote. */
  "lost-page",
  /** The connection breaks before it is read, or after it was carried out. */
  "reset-before",
  "reset-after",
  /** No answer in time; it was carried out. */
  "hangs-carried-out",
  /** 201 that is no JSON; it was carried out. */
  "garbage-carried-out",
  /** A redirect, which nobody follows. */
  "redirects",
] as const;

export type ProviderBehaviour = (typeof providerBehaviours)[number];

interface Transaction {
  readonly reference: string;
  readonly key: string;
  readonly account: string;
  readonly amount: string;
  readonly kind: string;
  status: "pending" | "completed" | "failed" | "reversed";
}

interface Request {
  readonly serverId: string;
  readonly transaction: Transaction | undefined;
  readonly error: object | undefined;
  polls: number;
}

export class MobileMoneyBooks {
  /** By correlation id: what the standard makes idempotent. */
  readonly transactions = new Map<string, Transaction>();
  readonly requests = new Map<string, Request>();
  /** Requests that create something, by correlation id, in the order they came. */
  readonly arrivals: string[] = [];

  /** How often each account was credited. */
  credits(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { account, status, kind } of this.transactions.values())
      if (status === "completed" && kind === "disbursement")
        counts.set(account, (counts.get(account) ?? 0) + 1);
    return counts;
  }
}

export interface MobileMoneyServer {
  readonly url: string;
  readonly books: MobileMoneyBooks;
  /** How the next creations are answered, one after the other; then `otherwise`. */
  readonly next: ProviderBehaviour[];
  otherwise: () => ProviderBehaviour;
  close(): void;
}

export async function startMobileMoney(hangMs = 60_000): Promise<MobileMoneyServer> {
  const books = new MobileMoneyBooks();
  const state: { next: ProviderBehaviour[]; otherwise: () => ProviderBehaviour } = {
    next: [],
    otherwise: () => "completes",
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://provider");
    const json = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.method === "GET") return json(...look(pathname));
    const body = await text(request);
    const key = String(request.headers["x-correlationid"]);
    books.arrivals.push(key);
    const known = books.transactions.get(key);
    const open = books.requests.get(key);
    // A correlation id that is known stands for the request that brought it.
    if (open) return json(202, stateOf(key, open));
    if (known) return json(201, objectOf(known));
    const behaviour = state.next.shift() ?? state.otherwise();
    const carryOut = (status: Transaction["status"]) => create(key, pathname, JSON.parse(body), status);
    const callback = String(request.headers["x-callback-url"] ?? "");
    switch (behaviour) {
      case "completes":
        return json(201, objectOf(carryOut("completed")));
      case "completes-later":
      case "completes-unheard-later":
      case "completes-when-polled": {
        const transaction = carryOut("pending");
        const pending = { serverId: randomUUID(), transaction, error: undefined, polls: 3 };
        books.requests.set(key, pending);
        if (behaviour === "completes-unheard-later") {
          finish(pending, "completed");
          response.destroy();
          return;
        }
        json(202, stateOf(key, pending));
        if (behaviour === "completes-when-polled") return;
        finish(pending, "completed");
        return tell(callback, key, objectOf(transaction));
      }
      case "pending-object": {
        const transaction = carryOut("pending");
        json(201, objectOf(transaction));
        transaction.status = "completed";
        return;
      }
      case "fails-later": {
        const transaction = carryOut("pending");
        const error = errorOf("businessRule", "accountBarred");
        const pending = { serverId: randomUUID(), transaction, error, polls: 0 };
        books.requests.set(key, pending);
        json(202, stateOf(key, pending));
        finish(pending, "failed");
        return tell(callback, key, error);
      }
      case "business-rule":
        return json(400, errorOf("businessRule", "insufficientFunds"));
      case "validation":
        return json(400, errorOf("validation", "formatError"));
      case "identification":
        return json(404, errorOf("identification", "identifierError"));
      case "unauthorised":
        return json(401, errorOf("authorisation", "clientAuthorisationError"));
      case "internal-carried-out":
        carryOut("completed");
        return json(500, errorOf("internal", "genericError"));
      case "internal-not-carried-out":
        return json(500, errorOf("internal", "genericError"));
      case "unavailable":
        return json(503, errorOf("serviceUnavailable", "genericError"));
      case "bad-gateway-carried-out":
        carryOut("completed");
        response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
        return;
      case "bad-gateway-not-carried-out":
        response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
        return;
      case "lost-page":
        response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not found</h1>");
        return;
      case "reset-before":
        response.destroy();
        return;
      case "reset-after":
        carryOut("completed");
        response.destroy();
        return;
      case "hangs-carried-out":
        carryOut("completed");
        await new Promise((resolve) => setTimeout(resolve, hangMs).unref());
        response.destroy();
        return;
      case "garbage-carried-out":
        carryOut("completed");
        response.writeHead(201, { "content-type": "application/json" }).end('{"transactionRef');
        return;
      case "redirects":
        response.writeHead(302, { location: "http://127.0.0.1:9/" }).end();
        return;
    }
  }

  function create(
    key: string,
    path: string,
    body: { amount?: string; creditParty?: { value: string }[]; debitParty?: { value: string }[] },
    status: Transaction["status"],
  ): Transaction {
    const kind = path.endsWith("/reversals") ? "reversal" : (path.split("/").at(-1) ?? "");
    const party = kind === "merchantpay" ? body.debitParty : body.creditParty;
    const transaction: Transaction = {
      reference: `TX-${books.transactions.size + 1}`,
      key,
      account: party?.[0]?.value ?? "",
      amount: body.amount ?? "",
      kind,
      status,
    };
    books.transactions.set(key, transaction);
    if (kind === "reversal") {
      const original = path.split("/").at(-2);
      for (const other of books.transactions.values())
        if (other.reference === original) other.status = "reversed";
    }
    return transaction;
  }

  function finish(request: Request, status: "completed" | "failed"): void {
    if (request.transaction) request.transaction.status = status;
    request.polls = 0;
  }

  function look(path: string): [number, unknown] {
    const [, kind, id = ""] = path.split("/");
    const nowhere: [number, unknown] = [404, errorOf("identification", "identifierError")];
    if (kind === "transactions") {
      const found = [...books.transactions.values()].find(({ reference }) => reference === id);
      return found ? [200, objectOf(found)] : nowhere;
    }
    if (kind === "requeststates") {
      const found = [...books.requests].find(([, { serverId }]) => serverId === id);
      if (!found) return nowhere;
      const [key, request] = found;
      if (request.polls > 0 && (request.polls -= 1) === 0) finish(request, "completed");
      return [200, stateOf(key, request)];
    }
    if (kind === "responses") {
      const request = books.requests.get(id);
      if (request) return [200, { link: `/requeststates/${request.serverId}` }];
      const transaction = books.transactions.get(id);
      return transaction ? [200, { link: `/transactions/${transaction.reference}` }] : nowhere;
    }
    return [404, "<h1>Not found</h1>"];
  }

  async function tell(url: string, key: string, body: unknown): Promise<void> {
    if (!url.startsWith("http")) return;
    await fetch(url, {
      method: "PUT",
      headers: { "content-type": "application/json", "X-CorrelationID": key },
      body: JSON.stringify(body),
    }).catch(() => undefined);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    books,
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
}

function objectOf({ reference, key, amount, status }: Transaction) {
  return {
    transactionReference: reference,
    requestingOrganisationTransactionReference: key,
    transactionStatus: status,
    amount,
    currency: "USD",
  };
}

function stateOf(key: string, { serverId, transaction, error, polls }: Request) {
  const isPending = transaction?.status === "pending" && polls > 0;
  return {
    serverCorrelationId: serverId,
    clientCorrelationId: key,
    status: isPending || transaction?.status === "pending" ? "pending" : error ? "failed" : "completed",
    notificationMethod: "callback",
    ...(transaction && transaction.status !== "pending" && !error
      ? { objectReference: transaction.reference }
      : {}),
    ...(error ? { error } : {}),
  };
}

function errorOf(errorCategory: string, errorCode: string) {
  return { errorCategory, errorCode, errorDescription: "said by the simulated provider" };
}
