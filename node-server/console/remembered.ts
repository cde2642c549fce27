/** Answers that cost much and are asked for often: one question at a time goes to the database, and its answer is kept briefly. */
import type { Pool } from "pg";

export function remembered<Argument, Answer>(
  seconds: number,
  ask: (pool: Pool, argument: Argument) => Promise<Answer>,
): (pool: Pool, argument: Argument) => Promise<Answer> {
  const known = new WeakMap<Pool, { readonly untilMs: number; readonly answer: Promise<Answer> }>();
  return (pool, argument) => {
    const last = known.get(pool);
    if (last && last.untilMs > Date.now()) return last.answer;
    const answer = ask(pool, argument);
    known.set(pool, { untilMs: Date.now() + seconds * 1000, answer });
    answer.catch(() => known.delete(pool));
    return answer;
  };
}
