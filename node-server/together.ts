/**
 * Does small pieces of work together that come while others are done: what one of them costs is mostly its transaction.
 * Nothing waits for company: what comes alone is done at once.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** Two, so that the database has work while we prepare the next. */
const mostAtOnce = 2;

/** A transaction that one piece of work ends costs the others theirs, and holds its connection longer, the larger it is. */
const mostTogether = 100;

interface Waiting<Q, A> {
  readonly question: Q;
  /** Runs something in the context of whoever asked. */
  readonly inItsContext: <R>(work: () => R) => R;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gives what asks a question and waits for its answer. `answerAll` answers in the order of the questions; when it throws, all
 * that it was asked are told. Questions of equal askers (as JSON) are answered together, in the context of one of them: who asks,
 * from where and for whom belongs there.
 */
export function together<K, Q, A>(
  answerAll: (asker: K, questions: readonly Q[]) => Promise<readonly A[]>,
): (asker: K, question: Q) => Promise<A> {
  const queues = new Map<string, { waiting: Waiting<Q, A>[]; running: number }>();

  const runNext = (key: string, asker: K): void => {
    const queue = queues.get(key);
    if (!queue || queue.running === mostAtOnce) return;
    const batch = queue.waiting.splice(0, mostTogether);
    const [first] = batch;
    if (first) {
      queue.running += 1;
      void first
        .inItsContext(() => answer(asker, batch))
        .finally(() => {
          queue.running -= 1;
          runNext(key, asker);
        });
    } else if (queue.running === 0) queues.delete(key);
  };

  const answer = async (asker: K, batch: readonly Waiting<Q, A>[]): Promise<void> => {
    try {
      const answers = await answerAll(
        asker,
        batch.map(({ question }) => question),
      );
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as A);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  return (asker, question) =>
    new Promise((resolve, reject) => {
      const key = JSON.stringify(asker);
      const queue = queues.get(key) ?? { waiting: [], running: 0 };
      queues.set(key, queue);
      queue.waiting.push({ question, inItsContext: AsyncLocalStorage.snapshot(), resolve, reject });
      runNext(key, asker);
    });
}
