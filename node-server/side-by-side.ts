/**
 * Decides several things side by side in one transaction: what they ask of the database in the same step becomes one
 * statement for all of them. Each sees the database as it would alone, so they must not be about the same rows.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { callOn, formFor } from "./forms-for-all.ts";
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

interface Call {
  readonly subject: string;
  readonly method: string;
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
    return (...args) =>
      new Promise((resolve, reject) => {
        if (this.#failure) return reject(this.#failure.error);
        const inItsContext = AsyncLocalStorage.snapshot();
        this.#waiting.push({ subject, method, args, inItsContext, resolve, reject });
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
      const groups = Map.groupBy(calls, ({ subject, method }) => `${subject}.${method}`);
      const answered: (readonly [Call, unknown])[] = [];
      for (const same of groups.values()) answered.push(...(await this.#answer(same)));
      for (const [{ resolve }, answer] of answered) resolve(answer);
    } catch (error) {
      this.#fail(error);
      for (const { reject } of calls) reject(error);
    }
  }

  async #answer(calls: readonly Call[]): Promise<(readonly [Call, unknown])[]> {
    const [{ subject, method } = { subject: "", method: "" }] = calls;
    const forAll = formFor(subject, method);
    if (forAll) {
      const answers = await forAll(
        this.#tx,
        calls.map(({ args }) => args),
      );
      return calls.map((call, index) => [call, answers[index]] as const);
    }
    const answered: (readonly [Call, unknown])[] = [];
    for (const call of calls)
      answered.push([call, await call.inItsContext(() => callOn(this.#tx, subject, method, call.args))]);
    return answered;
  }

  /** Nothing of the transaction will be committed: whoever waits, or asks for more, is told. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}

/** With what it inherits: a `Tx` may be one that lays something over another. */
function entriesOf(subject: object): [string, object][] {
  const entries: [string, object][] = [];
  // oxlint-disable-next-line guard-for-in
  for (const name in subject) entries.push([name, (subject as Readonly<Record<string, object>>)[name] ?? {}]);
  return entries;
}
