/**
 * A shell's end of the line to the till. The till runs in a thread of its own; practice runs in another one beside it,
 * so that nothing of the one can reach the other, and the real till goes on syncing meanwhile.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Answer, TillEvent } from "./protocol.ts";
import { startThread, TillNotOpenedError } from "./thread-line.ts";
import type { KeyStore, ThreadLine } from "./thread-line.ts";
import { payloads } from "./worker/till/payloads.ts";

export { TillNotOpenedError } from "./thread-line.ts";
export type { KeyStore } from "./thread-line.ts";

export interface ConnectOptions {
  readonly directory: string;
  readonly version: string;
  /** Where the machine keeps keys for its user; without one a passphrase does. */
  readonly keyStore?: KeyStore | undefined;
  /** The thread's own file, where the program runs from a build. */
  readonly thread?: URL;
}

export interface ConnectedTill {
  /** Always answers; after the thread has ended with a failure that says so. */
  ask(name: string, payload: unknown): Promise<Answer>;
  listen(listener: (event: TillEvent) => void): () => void;
  /** Resolves when the files are closed. */
  close(): Promise<void>;
  /** Resolves when the thread ends without having been asked to. */
  readonly failed: Promise<string>;
}

/** Throws TillNotOpenedError where the folder cannot be used: another program has it, or it is damaged. */
export async function connectTill(options: ConnectOptions): Promise<ConnectedTill> {
  const { directory, version, keyStore, thread } = options;
  const listeners = new Set<(event: TillEvent) => void>();
  const tell = (event: TillEvent) => listeners.forEach((listener) => listener(event));
  const real = await startThread({ directory, version, practice: false }, tell, keyStore, thread);
  const practiceFolder = join(directory, "practice");
  let practice: ThreadLine | undefined;
  let switching: Promise<Answer<"practice">> = Promise.resolve(done);

  const leave = async (): Promise<void> => {
    const left = practice;
    practice = undefined;
    await left?.close();
  };
  const leftBy = (line: ThreadLine): void => {
    if (practice === line) practice = undefined;
    tell("changed");
  };
  const enter = async (fresh: boolean): Promise<void> => {
    if (fresh) {
      await leave();
      rmSync(practiceFolder, { recursive: true, force: true });
    }
    if (practice) return;
    const line = await startThread(
      { directory: practiceFolder, version, practice: true },
      tell,
      undefined,
      thread,
    );
    practice = line;
    void line.failed.then(() => leftBy(line));
  };
  const turn = async ({ on, fresh }: { on: boolean; fresh: boolean }): Promise<Answer<"practice">> => {
    try {
      await (on ? enter(fresh) : leave());
      return done;
    } catch (error) {
      if (!(error instanceof TillNotOpenedError)) throw error;
      return {
        ok: true,
        result: { ok: false, code: "practice-not-opened", details: { because: error.code } },
      };
    } finally {
      tell("changed");
    }
  };

  return {
    async ask(name, payload) {
      if (name === "quit-check") return real.ask(name, payload);
      if (name !== "practice") return (practice ?? real).ask(name, payload);
      const parsed = payloads.practice.safeParse(payload);
      if (!parsed.success) return { ok: false, code: "malformed", message: parsed.error.message };
      // One after the other: two pages may press the button at once.
      switching = switching.then(() => turn(parsed.data));
      return switching;
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      await switching;
      await leave();
      await real.close();
    },
    failed: real.failed,
  };
}

const done: Answer<"practice"> = { ok: true, result: { ok: true } };
