/**
 * Rows past the official client, which drives the protocol: it calls a function for each value of each row, and that takes
 * longer than all else that is done with a row (docs/performance.md). Rows of an answer are read here, and the client is
 * given one in place of them all, for which they are taken when it delivers it.
 */
import type { RowValue } from "../ports/shape-storage.ts";
import type { Fetch } from "../ports/transport.ts";
import type { ShapeRow } from "./check-row.ts";

export interface RowsBeside {
  /** For the client to fetch with. */
  readonly fetch: Fetch;
  /** The rows that a row of the client's stands for; each can be taken once. */
  take(key: string): readonly ShapeRow[];
}

interface RowMessage {
  readonly key: string;
  readonly value: RowValue;
  readonly headers: { readonly operation: ShapeRow["operation"] };
}

export function readRowsBeside(fetch: Fetch): RowsBeside {
  const waiting = new Map<string, readonly ShapeRow[]>();
  let answers = 0;
  const leave = (rows: readonly RowMessage[]): RowMessage => {
    const key = String(++answers);
    waiting.set(
      key,
      rows.map((row) => ({ key: row.key, operation: row.headers.operation, value: row.value })),
    );
    return { key, value: {}, headers: { operation: "insert" } };
  };
  return {
    async fetch(input, init) {
      const response = await fetch(input, init);
      if (response.status !== 200) return response;
      const body = await response.text();
      const messages = messagesOf(body);
      const rows = messages.filter(isRow);
      if (rows.length === 0) return new Response(body, response);
      const told = [leave(rows), ...messages.filter((message) => !isRow(message))];
      return new Response(JSON.stringify(told), response);
    },
    take(key) {
      const rows = waiting.get(key);
      if (!rows) throw new Error(`no rows wait under ${key}`);
      waiting.delete(key);
      return rows;
    },
  };
}

/** Nothing of what is no list of messages: the client says what is wrong with it. */
function messagesOf(body: string): readonly unknown[] {
  try {
    const read: unknown = JSON.parse(body);
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}

function isRow(message: unknown): message is RowMessage {
  return typeof message === "object" && message !== null && "key" in message;
}
