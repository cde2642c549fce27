/**
 * What moves money or records something is done once, however often it is asked: a page whose answer was lost asks the same
 * again, and gets the answer that it missed.
 *
 * O1  The request's id is kept in the transaction of what the request did, so that both are there or neither.
 * O2  While the first is being done, the same again waits for its answer.
 * O3  An id that was used for something else is refused, and nothing is done.
 * O4  A refusal is not kept: nothing was done, and what stood in the way may be gone.
 */
import { createHash } from "node:crypto";
import type { Answer } from "../../protocol.ts";
import type { RequestStorage } from "../store/requests.ts";

/** Called in the transaction of what was done; `sequence` is that of the operation, where it is one. */
export type Keep = (answer: object, sequence?: number) => void;

export interface OnceParts {
  readonly requests: RequestStorage;
  readonly nowMs: () => number;
  /** What a kept answer says now. */
  readonly tellAgain: (name: string, answer: object, sequence: number | null) => object;
}

export interface Once {
  /** `work` is called unless the answer is known, or on its way. */
  run(asked: Asked, work: (keep: Keep) => Promise<Answer>): Promise<Answer>;
  /** Whether this was done before. */
  isKnown(asked: Asked): boolean;
}

export interface Asked {
  readonly id: string;
  readonly name: string;
  readonly payload: object;
}

/** Left out of the digest: a PIN, a voucher's number, or whom it is about could be guessed from it. */
const secrets: ReadonlySet<string> = new Set([
  "pin",
  "oldPin",
  "newPin",
  "passphrase",
  "code",
  "number",
  "identity",
  "address",
  "institutionCode",
  "reason",
]);

export function createOnce({ requests, nowMs, tellAgain }: OnceParts): Once {
  const running = new Map<string, { readonly digest: Uint8Array; readonly answer: Promise<Answer> }>();
  const again = ({ id, name }: Asked, digest: Uint8Array): Answer | undefined => {
    const known = requests.find(id);
    if (!known) return undefined;
    if (!Buffer.from(known.digest).equals(digest)) return usedOtherwise;
    const result = tellAgain(name, JSON.parse(known.answer) as object, known.sequence);
    return { ok: true, result: result as (Answer & { readonly ok: true })["result"] };
  };
  return {
    isKnown: ({ id }) => requests.find(id) !== undefined,
    async run(asked, work) {
      const { id, name } = asked;
      const digest = digestOf(asked);
      const first = running.get(id);
      if (first) return Buffer.from(first.digest).equals(digest) ? first.answer : usedOtherwise;
      const told = again(asked, digest);
      if (told) return told;
      const keep: Keep = (answer, sequence) =>
        requests.keep({
          id,
          name,
          digest,
          answer: JSON.stringify(answer),
          sequence: sequence ?? null,
          atMs: nowMs(),
        });
      const answer = work(keep);
      running.set(id, { digest, answer });
      try {
        return await answer;
      } finally {
        running.delete(id);
      }
    },
  };
}

const usedOtherwise: Answer = {
  ok: false,
  code: "malformed",
  message: "this request id was used for something else",
};

function digestOf({ name, payload }: Asked): Uint8Array {
  const told = Object.entries(payload).filter(([field]) => !secrets.has(field));
  const text = JSON.stringify([name, ...told.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
  return createHash("sha256").update(text).digest();
}
