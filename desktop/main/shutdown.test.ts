import { describe, expect, test, vi } from "vitest";
import { createShutdown } from "./shutdown.ts";
import type { ShutdownParts } from "./shutdown.ts";
import type { Unsent } from "./status.ts";

const waiting: Unsent = { queued: 2, sums: [{ amount: "30.00", currency: "KES", count: 2 }] };

/** Notes what happens in which order, and resolves `ended` with the code that the process would end with. */
function begin(parts: Partial<ShutdownParts> = {}) {
  const happened: string[] = [];
  const ended = Promise.withResolvers<number>();
  const asked = vi.fn<(unsent: Unsent) => Promise<boolean>>();
  const shutdown = createShutdown({
    unsent: () => Promise.resolve(undefined),
    mayQuit: asked,
    close: () => Promise.resolve(void happened.push("closed")),
    exit(code) {
      happened.push(`exit ${code}`);
      ended.resolve(code);
    },
    onFailure: () => void happened.push("failure"),
    ...parts,
  });
  return { shutdown, happened, ended: ended.promise, asked };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("E8: nobody quits unaware of unsent operations", () => {
  test("with nothing unsent the program closes the till and ends", async () => {
    const { shutdown, happened, ended, asked } = begin();
    shutdown.ask();
    expect(await ended).toBe(0);
    expect(happened).toEqual(["closed", "exit 0"]);
    expect(asked).not.toHaveBeenCalled();
  });

  test("whoever stays goes on working with the till, and may quit later", async () => {
    const { shutdown, happened, ended, asked } = begin({ unsent: () => Promise.resolve(waiting) });
    asked.mockResolvedValueOnce(false).mockResolvedValueOnce(true);
    shutdown.ask();
    await settled();
    expect(happened).toEqual([]);
    expect(asked).toHaveBeenCalledWith(waiting);
    shutdown.ask();
    await ended;
    expect(happened).toEqual(["closed", "exit 0"]);
  });

  test("the question is asked once, however often the button is pressed", async () => {
    const answer = Promise.withResolvers<boolean>();
    const { shutdown, ended, asked } = begin({ unsent: () => Promise.resolve(waiting) });
    asked.mockReturnValue(answer.promise);
    shutdown.ask();
    shutdown.ask();
    await settled();
    answer.resolve(true);
    await ended;
    expect(asked).toHaveBeenCalledTimes(1);
  });
});

describe("E9: the till is closed once, before the process ends", () => {
  test("the system's end asks nothing, even while a question is open", async () => {
    const { shutdown, happened, ended, asked } = begin({ unsent: () => Promise.resolve(waiting) });
    asked.mockReturnValue(new Promise(() => {}));
    shutdown.ask();
    await settled();
    shutdown.now();
    shutdown.now();
    await ended;
    expect(happened).toEqual(["closed", "exit 0"]);
  });

  test("a till that cannot be closed does not keep the process, and is reported", async () => {
    const { shutdown, happened, ended } = begin({ close: () => Promise.reject(new Error("disk")) });
    shutdown.now(1);
    expect(await ended).toBe(1);
    expect(happened).toEqual(["failure", "exit 1"]);
  });

  test("a till that never closes does not keep the process either", async () => {
    const { shutdown, happened, ended } = begin({ close: () => new Promise(() => {}), longestCloseMs: 1 });
    shutdown.now();
    await ended;
    expect(happened).toEqual(["failure", "exit 0"]);
  });

  test("a question that fails is reported, and quitting may be tried again", async () => {
    const { shutdown, happened, ended, asked } = begin({ unsent: () => Promise.resolve(waiting) });
    asked.mockRejectedValueOnce(new Error("no window")).mockResolvedValueOnce(true);
    shutdown.ask();
    await settled();
    expect(happened).toEqual(["failure"]);
    shutdown.ask();
    expect(await ended).toBe(0);
  });
});
