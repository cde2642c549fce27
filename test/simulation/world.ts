/** Virtual time, what is due when, and the history: all that two runs of one seed must agree on. */
import { createHash } from "node:crypto";
import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";

/** Later than any test runs, so that a time which the database reads for itself never overtakes the simulation's. */
const startMs = Date.UTC(2040, 0, 1);

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly work: () => Promise<void>;
}

export class World {
  readonly seed: number;
  readonly random: Random;
  readonly history: string[] = [];
  /** What failed although no fault was put in its way. */
  readonly unexpected: string[] = [];
  nowMs = startMs;
  /** No fault of any kind while this is false. */
  faults = false;
  #due: Due[] = [];
  #order = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.random = createRandom(seed, "world");
  }

  readonly note = (line: string): void => {
    const elapsed = Math.round((this.nowMs - startMs) / 1000);
    const clock = [Math.floor(elapsed / 3600), Math.floor(elapsed / 60) % 60, elapsed % 60];
    this.history.push(`${clock.map((part) => String(part).padStart(2, "0")).join(":")} ${line}`);
  };

  fail(what: string, error: unknown): void {
    this.note(`${what}: ${String(error)}`);
    this.unexpected.push(`${what}: ${String(error)}`);
  }

  after(ms: number, work: () => Promise<void>): void {
    this.#due.push({ atMs: this.nowMs + ms, order: this.#order++, work });
  }

  /** Lets time pass; what becomes due is done at its time, one after the other. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = this.#due
        .filter(({ atMs }) => atMs <= untilMs)
        .toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (!next) break;
      this.#due = this.#due.filter((due) => due !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      await next.work();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  strikes(probability: number): boolean {
    return this.faults && this.random.chance(probability);
  }

  historyHash(): string {
    return createHash("sha256").update(this.history.join("\n")).digest("hex");
  }
}
