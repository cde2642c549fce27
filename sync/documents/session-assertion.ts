/** A session assertion: what a node signs to buy a session token (design section 3). Each can be spent once. */
import { decodeDocument, encodeDocument, mapOf, type Decoded } from "./codec.ts";
import { counter, text, uuid } from "./fields.ts";

export interface SessionAssertion {
  readonly nodeId: string;
  /** Greater than in every assertion that the node signed before. */
  readonly counter: number;
  /** The server's generation as text, so that a restored server accepts nothing made for its former self. */
  readonly audience: string;
}

/** The payload of an assertion. Throws when a field is out of its range. */
export function encodeSessionAssertion(assertion: SessionAssertion): Uint8Array {
  return encodeDocument(codec, assertion);
}

/** Reads the payload of an assertion, or says what is wrong with it. */
export function decodeSessionAssertion(payload: Uint8Array): Decoded<SessionAssertion> {
  return decodeDocument(codec, payload);
}

const codec = mapOf<SessionAssertion>({
  nodeId: [1, uuid],
  counter: [2, counter],
  audience: [3, text(128)],
});
