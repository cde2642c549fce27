import { describe, expect, test } from "vitest";
import { backOffMs, patiently } from "./back-off.ts";
import type { CallFailure } from "./server-call.ts";

const least = (length: number) => new Uint8Array(length);
const most = (length: number) => new Uint8Array(length).fill(255);

describe("the wait between two tries", () => {
  test("lies anywhere between nothing and a bound that doubles up to a minute (full jitter)", () => {
    expect([1, 2, 5, 100].map((attempt) => backOffMs(attempt, 0, least))).toEqual([0, 0, 0, 0]);
    expect([1, 2, 5, 100].map((attempt) => backOffMs(attempt, 0, most))).toEqual([499, 999, 7999, 59_999]);
  });

  test("is never shorter than the server asked for", () => {
    expect(backOffMs(1, 30_000, least)).toBe(30_000);
  });
});

describe("patience", () => {
  const unreachable: CallFailure = { code: "unreachable" };
  const busy: CallFailure = { code: "busy", status: 429, retryAfterMs: 7000 };
  const refused: CallFailure = { code: "refused", status: 403, reason: "x", message: "", body: {} };

  async function tryOut(failures: readonly CallFailure[], attempts: number) {
    const left = [...failures];
    const waits: number[] = [];
    const sleep = async (ms: number) => void waits.push(ms);
    const result = await patiently<{ readonly ok: true }>(
      { sleep, randomBytes: least, attempts },
      async () => {
        const failure = left.shift();
        return failure ? { ok: false, failure } : { ok: true };
      },
    );
    return { result, waits };
  }

  test("tries again what may pass, and waits as long as it is asked to", async () => {
    expect(await tryOut([unreachable, busy], 4)).toEqual({ result: { ok: true }, waits: [0, 7000] });
  });

  test("gives up after its attempts, with the last failure", async () => {
    const given = await tryOut([unreachable, unreachable, busy], 3);
    expect(given).toEqual({ result: { ok: false, failure: busy }, waits: [0, 0] });
  });

  test("does not try again what was refused", async () => {
    expect(await tryOut([refused], 4)).toEqual({ result: { ok: false, failure: refused }, waits: [] });
  });

  test("ends when it is told to, without another try", async () => {
    const controller = new AbortController();
    let tries = 0;
    const sleep = async () => controller.abort();
    const patience = { sleep, randomBytes: least, attempts: Infinity, signal: controller.signal };
    const result = await patiently(patience, async () => {
      tries += 1;
      return { ok: false, failure: unreachable };
    });
    expect(result).toEqual({ ok: false, failure: unreachable });
    expect(tries).toBe(1);
  });
});
