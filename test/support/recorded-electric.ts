/**
 * A recorded stand-in for the Electric service: it answers with the captured exchanges, to nothing but the very requests
 * of which they were captured, and holds those during which something was committed. Whatever else is asked, by path,
 * method, parameter or header, it answers with a status that Electric does not use, and remembers.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Exchange } from "./captured-exchanges.ts";

export interface RecordedElectric {
  readonly url: string;
  /** Every request target that came, with the secret in it. */
  readonly asked: readonly string[];
  /** What came that no exchange was captured of. */
  readonly strange: readonly string[];
  /** Resolves when the next request is held. */
  nextHeld(): Promise<void>;
  /** Answers the held request, if these are the statements that were captured with it. */
  commit(statements: readonly string[]): void;
  close(): Promise<void>;
}

export async function startRecordedElectric(
  exchanges: readonly Exchange[],
  secret: string,
): Promise<RecordedElectric> {
  const asked: string[] = [];
  const strange: string[] = [];
  let held: { readonly exchange: Exchange; readonly response: ServerResponse } | undefined;
  let heldOne = Promise.withResolvers<void>();
  // What differs by the node's own method and headers alone stays at the proxy.
  const plain = exchanges.filter(
    ({ request }) => request.method === "GET" && Object.keys(request.headers).length === 0,
  );
  const byQuery = Map.groupBy(plain, ({ request }) => keyOf(request.query));
  /** A question that was captured twice is answered first as it was first, and from then on as it was last. */
  const next = (query: Record<string, string>) => {
    const answers = byQuery.get(keyOf(query)) ?? [];
    return answers.length > 1 ? answers.shift() : answers[0];
  };

  const server = createServer((request, response) => {
    const target = request.url ?? "";
    asked.push(target);
    const exchange = isPlain(request, secret) ? next(queryOf(target)) : undefined;
    if (!exchange) {
      strange.push(`${request.method} ${target}`);
      response.writeHead(418).end();
    } else if (exchange.during) {
      held = { exchange, response };
      heldOne.resolve();
      heldOne = Promise.withResolvers();
    } else {
      answer(exchange, response);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    strange,
    nextHeld: () => heldOne.promise,
    commit(statements) {
      if (!held || held.exchange.during?.join(";") !== statements.join(";")) {
        throw new Error("no request is held that was captured with these statements");
      }
      answer(held.exchange, held.response);
      held = undefined;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Nothing but what a proxy of its own making would send: no body, no token, no cookie, no validator. */
function isPlain({ method, url = "", headers }: IncomingMessage, secret: string): boolean {
  const foreign = [
    "authorization",
    "cookie",
    "if-none-match",
    "content-length",
    "transfer-encoding",
    "origin",
  ];
  return (
    method === "GET" &&
    url.startsWith("/v1/shape?") &&
    new URL(url, "http://electric").searchParams.getAll("secret").join() === secret &&
    foreign.every((name) => headers[name] === undefined)
  );
}

function queryOf(target: string): Record<string, string> {
  const { searchParams } = new URL(target, "http://electric");
  searchParams.delete("secret");
  const repeated = searchParams.size !== new Set(searchParams.keys()).size;
  return repeated ? { repeated: target } : Object.fromEntries(searchParams);
}

/** The order of parameters and of columns means nothing to Electric. */
function keyOf({ columns = "", ...query }: Readonly<Record<string, string>>): string {
  const entries = Object.entries({ ...query, columns: columns.split(",").toSorted().join() });
  return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function answer({ response: { status, headers, body } }: Exchange, response: ServerResponse): void {
  // The fixture says how many messages it leaves out of a long one.
  const messages = Array.isArray(body) ? body.filter((message) => typeof message !== "string") : body;
  response.writeHead(status, headers);
  response.end(body === "" ? undefined : JSON.stringify(messages));
}
