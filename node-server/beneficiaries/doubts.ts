/**
 * Guessing at the registry: a till that asks about one person after another for a voucher, or tries one secret after another,
 * is told to wait. Counted are questions that were not answered with a yes; who was asked about is not kept.
 */
import type { Store } from "../ports/store.ts";

/** How many within an hour are let through: for one voucher, whichever till asks, and by one till. */
export const doubtLimits = { voucher: 5, node: 30 } as const;

const windowMs = 3_600_000;

export interface Question {
  readonly nodeId: string;
  readonly serial: bigint;
}

/**
 * Counts the question before it is asked, so that many at once are not let through together. Gives what takes it back when
 * the answer was a yes, or when there was none; undefined where no more are let through for now.
 */
export function beginQuestion(store: Store, question: Question): Promise<(() => Promise<void>) | undefined> {
  return store.transaction(async (tx) => {
    // One question at a time is counted, of a till and about a voucher, which need not be there.
    await tx.nodes.lock(question.nodeId);
    await tx.nodeQuestions.lockDoubts(question.serial);
    const since = new Date((await tx.now()).getTime() - windowMs);
    const counted = await tx.nodeQuestions.countDoubts(since, question);
    if (counted.voucher >= doubtLimits.voucher || counted.node >= doubtLimits.node) {
      const { nodeId, serial } = question;
      const subject = counted.node >= doubtLimits.node ? `node:${nodeId}` : `voucher:${serial}`;
      await tx.alerts.raise("registry-guesses", subject, { ...counted });
      return undefined;
    }
    const id = await tx.nodeQuestions.recordDoubt(question);
    return () => store.transaction((again) => again.nodeQuestions.removeDoubt(id));
  });
}
