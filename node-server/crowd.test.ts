/** Who is turned away is judged by how many wait and by how quickly connections are given. */
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { watchCrowd } from "./crowd.ts";

class FakePool extends EventEmitter {
  waitingCount = 0;
  nowMs = 0;
  readonly isCrowded = watchCrowd(this, 100, () => this.nowMs);

  /** So many connections are given one after the other, while as many wait. */
  give(count: number, everyMs: number, waiting: number): this {
    this.waitingCount = waiting;
    for (let given = 0; given < count; given += 1) {
      this.nowMs += everyMs;
      this.emit("acquire");
    }
    return this;
  }
}

test("where connections are given quickly, as many may wait as the setting says", () => {
  const pool = new FakePool().give(200, 1, 99);
  expect(pool.isCrowded()).toBe(false);
  pool.waitingCount = 100;
  expect(pool.isCrowded()).toBe(true);
});

test("where connections are given slowly, nobody else is taken once the wait would be longer than a quarter of a second", () => {
  const pool = new FakePool().give(200, 20, 12);
  expect(pool.isCrowded()).toBe(false);
  pool.waitingCount = 13;
  expect(pool.isCrowded()).toBe(true);
});

test("a server that was seldom asked takes a crowd that comes at once", () => {
  const pool = new FakePool().give(50, 60_000, 0);
  pool.waitingCount = 99;
  expect(pool.isCrowded()).toBe(false);
});

test("after a standstill it takes requests again as soon as connections are given again", () => {
  const pool = new FakePool().give(1, 0, 50).give(1, 30_000, 50);
  expect(pool.isCrowded()).toBe(true);
  expect(pool.give(150, 2, 50).isCrowded()).toBe(false);
});

test("where nobody waits, nobody is turned away", () => {
  const pool = new FakePool().give(200, 10_000, 1);
  pool.waitingCount = 0;
  expect(pool.isCrowded()).toBe(false);
});
