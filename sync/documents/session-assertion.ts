/**
 * A session assertion: what a node signs to buy a session token (design section 3). Each can be spent once.
 *
 * Later field, readers first: `report`.
 */
import type { Money } from "#core/money.ts";
import {
  decodeDocument,
  encodeDocument,
  laterField,
  listOf,
  mapOf,
  nullable,
  rowOf,
  type Decoded,
} from "./codec.ts";
import { bigInteger, counter, currency, integer, text, timeMs, uuid } from "./fields.ts";

/** What a node tells operators of itself, as it was when it asked for the session. */
export interface NodeReport {
  /** Of the till's program. */
  readonly version: string;
  /** Operations that the server has not confirmed yet. */
  readonly waiting: number;
  /** When the oldest of them was recorded, by the node's own clock; null where none waits. */
  readonly oldestMs: number | null;
  /** What those among them that redeem or pay are worth, by currency. */
  readonly worth: readonly Money[];
}

export interface SessionAssertion {
  readonly nodeId: string;
  /** Greater than in every assertion that the node signed before. */
  readonly counter: number;
  /** The server's generation as text, so that a restored server accepts nothing made for its former self. */
  readonly audience: string;
  /** Null from a node that tells nothing of itself. */
  readonly report: NodeReport | null;
}

/** The payload of an assertion. Throws when a field is out of its range. */
export function encodeSessionAssertion(assertion: SessionAssertion): Uint8Array {
  return encodeDocument(codec, assertion);
}

/** Reads the payload of an assertion, or says what is wrong with it. */
export function decodeSessionAssertion(payload: Uint8Array): Decoded<SessionAssertion> {
  return decodeDocument(codec, payload);
}

/** More are not told. */
export const mostCurrencies = 20;

const report = rowOf<NodeReport>({
  version: text(32),
  waiting: integer(0, Number.MAX_SAFE_INTEGER),
  oldestMs: nullable(timeMs),
  worth: listOf(rowOf<Money>({ amountMinor: bigInteger(0n, 2n ** 63n - 1n), currency }), mostCurrencies),
});

const codec = mapOf<SessionAssertion>({
  nodeId: [1, uuid],
  counter: [2, counter],
  audience: [3, text(128)],
  report: [4, laterField<NodeReport | null>(nullable(report), null)],
});
