/** A shell's end of the line to the till's thread. */
import { Worker } from "node:worker_threads";
import type { Answer, TillEvent } from "./protocol.ts";

export interface ThreadOptions {
  readonly directory: string;
  readonly version: string;
}

export type ToThread =
  | { readonly type: "request"; readonly id: number; readonly name: string; readonly payload: unknown }
  | { readonly type: "close" };

export type FromThread =
  | { readonly type: "ready" }
  | { readonly type: "not-opened"; readonly code: string; readonly message: string }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly type: "event"; readonly event: TillEvent }
  | { readonly type: "closed" };

export interface ConnectedTill {
  /** Always answers; after the thread has ended with a failure that says so. */
  ask(name: string, payload: unknown): Promise<Answer>;
  listen(listener: (event: TillEvent) => void): () => void;
  /** Resolves when the files are closed. */
  close(): Promise<void>;
  /** Resolves when the thread ends without having been asked to. */
  readonly failed: Promise<string>;
}

export class TillNotOpenedError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws TillNotOpenedError where the folder cannot be used: another program has it, or it is damaged. */
export async function connectTill(options: ThreadOptions): Promise<ConnectedTill> {
  const thread = new Worker(new URL("./worker/thread.ts", import.meta.url), { workerData: options });
  const waiting = new Map<number, (answer: Answer) => void>();
  const listeners = new Set<(event: TillEvent) => void>();
  const [opened, closed, failed] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<string>(),
  ];
  let asked = 0;
  let ended: string | undefined;
  const end = (why: string): void => {
    if (ended !== undefined) return;
    ended = why;
    for (const answer of waiting.values()) answer(gone(why));
    waiting.clear();
    failed.resolve(why);
    opened.reject(new TillNotOpenedError("unexpected", why));
    closed.resolve();
  };
  thread.on("message", (message: FromThread) => {
    switch (message.type) {
      case "ready":
        return opened.resolve();
      case "not-opened":
        return opened.reject(new TillNotOpenedError(message.code, message.message));
      case "event":
        return listeners.forEach((listener) => listener(message.event));
      case "closed":
        return closed.resolve();
      case "answer":
        waiting.get(message.id)?.(message.answer);
        waiting.delete(message.id);
    }
  });
  thread.on("error", (error) => end(error instanceof Error ? error.message : String(error)));
  thread.on("exit", () => end("the till has ended"));
  const send = (message: ToThread) => thread.postMessage(message);
  try {
    await opened.promise;
  } catch (error) {
    await thread.terminate();
    throw error;
  }
  return {
    ask(name, payload) {
      if (ended !== undefined) return Promise.resolve(gone(ended));
      const id = (asked += 1);
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        send({ type: "request", id, name, payload });
      });
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      send({ type: "close" });
      await closed.promise;
      ended ??= "the till is closed";
      await thread.terminate();
    },
    failed: failed.promise,
  };
}

function gone(message: string): Answer {
  return { ok: false, code: "unexpected", message };
}
