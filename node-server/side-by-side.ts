/**
 * Decides several things side by side in one transaction: what they ask of the database in the same step becomes one
 * statement for all of them. Each sees the database as it would alone, so they must not be about the same rows.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { callOn, formFor } from "./forms-for-all.ts";
import type { AnyForm } from "./forms-for-all.ts";
import type { Tx } from "./ports/store.ts";

/** What each of the works gives, in their order. When one throws, all are ended and its error is passed on. */
export async function sideBySide<T>(
  tx: Tx,
  works: readonly ((tx: Tx) => Promise<T>)[],
): Promise<readonly T[]> {
  const steps = new Steps(tx, works.length);
  const outcomes = await Promise.allSettled(works.map((work) => steps.run(work)));
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw steps.firstError;
    return outcome.value;
  });
}

/** What can be asked of the database; calls of the same one in one step are answered together. */
interface Question {
  readonly subject: string;
  readonly method: string;
  /** Undefined where it is put for each call by itself. */
  readonly forAll: AnyForm | undefined;
}

interface Call {
  readonly question: Question;
  readonly args: readonly unknown[];
  /** Runs something as part of the work that called. */
  readonly inItsContext: <R>(work: () => R) => R;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class Steps {
  readonly #tx: Tx;
  readonly #gathering: Tx;
  #unfinished: number;
  #waiting: Call[] = [];
  #isStepping = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(tx: Tx, works: number) {
    this.#tx = tx;
    this.#unfinished = works;
    this.#gathering = this.#gather();
  }

  get firstError(): unknown {
    return this.#failure?.error;
  }

  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await work(this.#gathering);
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#unfinished -= 1;
      this.#stepIfAllWait();
    }
  }

  /** A `Tx` whose calls wait until every work that has not ended waits for one. */
  #gather(): Tx {
    const subjects = entriesOf(this.#tx).map(([subject, rows]) => [
      subject,
      typeof rows === "function" ? this.#later(subject, "") : this.#laterAll(subject, rows),
    ]);
    return Object.fromEntries(subjects) as Tx;
  }

  #laterAll(subject: string, rows: object): object {
    return Object.fromEntries(entriesOf(rows).map(([method]) => [method, this.#later(subject, method)]));
  }

  #later(subject: string, method: string): (...args: readonly unknown[]) => Promise<unknown> {
    const question = { subject, method, forAll: formFor(subject, method) };
    // What is asked for all is part of no single work, and there are many such calls.
    const contextOfCall = question.forAll ? () => outsideOfWorks : () => AsyncLocalStorage.snapshot();
    return (...args) =>
      new Promise((resolve, reject) => {
        if (this.#failure) return reject(this.#failure.error);
        this.#waiting.push({ question, args, inItsContext: contextOfCall(), resolve, reject });
        this.#stepIfAllWait();
      });
  }

  #stepIfAllWait(): void {
    const allWait = this.#waiting.length > 0 && this.#waiting.length >= this.#unfinished;
    if (!allWait || this.#isStepping) return;
    const calls = this.#waiting;
    this.#waiting = [];
    this.#isStepping = true;
    void this.#step(calls).finally(() => {
      this.#isStepping = false;
      this.#stepIfAllWait();
    });
  }

  async #step(calls: readonly Call[]): Promise<void> {
    try {
      const groups = [...Map.groupBy(calls, ({ question }) => question)];
      const answers: (readonly unknown[])[] = [];
      for (const [question, same] of groups) answers.push(await this.#answer(question, same));
      for (const [at, [, same]] of groups.entries())
        for (const [index, { resolve }] of same.entries()) resolve(answers[at]?.[index]);
    } catch (error) {
      this.#fail(error);
      for (const { reject } of calls) reject(error);
    }
  }

  async #answer({ subject, method, forAll }: Question, calls: readonly Call[]): Promise<readonly unknown[]> {
    if (forAll)
      return forAll(
        this.#tx,
        calls.map(({ args }) => args),
      );
    const answers: unknown[] = [];
    for (const { args, inItsContext } of calls)
      answers.push(await inItsContext(() => callOn(this.#tx, subject, method, args)));
    return answers;
  }

  /** Nothing of the transaction will be committed: whoever waits, or asks for more, is told. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}

function outsideOfWorks<R>(work: () => R): R {
  return work();
}

/** With what it inherits: a `Tx` may be one that lays something over another. */
function entriesOf(subject: object): [string, object][] {
  const entries: [string, object][] = [];
  // oxlint-disable-next-line guard-for-in
  for (const name in subject) entries.push([name, (subject as Readonly<Record<string, object>>)[name] ?? {}]);
  return entries;
}
