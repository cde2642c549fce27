/** The line to one till's thread: requests and answers, events, and the key store, which lives on the shell's side. */
import { Worker } from "node:worker_threads";
import type { Answer, TillEvent } from "./protocol.ts";

/** What a machine offers for keeping a key, such as the operating system's own store. Either may fail. */
export interface KeyStore {
  /** Bytes that only this store can turn back. */
  wrap(bytes: Uint8Array): Promise<Uint8Array>;
  unwrap(bytes: Uint8Array): Promise<Uint8Array>;
  /** What `wrap` gave, wrapped anew where the store asks for that, as when its own key was changed; else as it is. */
  renew(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface ThreadOptions {
  readonly directory: string;
  readonly version: string;
  readonly practice: boolean;
}

export type ThreadData = ThreadOptions & { readonly hasKeyStore: boolean };

export type ToThread =
  | { readonly type: "request"; readonly id: number; readonly name: string; readonly payload: unknown }
  /** Null where the store failed. */
  | { readonly type: "key-store-answer"; readonly id: number; readonly bytes: Uint8Array | null }
  | { readonly type: "close" };

export type FromThread =
  | { readonly type: "ready" }
  | { readonly type: "not-opened"; readonly code: string; readonly message: string }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly type: "event"; readonly event: TillEvent }
  | {
      readonly type: "key-store";
      readonly id: number;
      readonly ask: keyof KeyStore;
      readonly bytes: Uint8Array;
    }
  | { readonly type: "closed" };

export interface ThreadLine {
  ask(name: string, payload: unknown): Promise<Answer>;
  close(): Promise<void>;
  readonly failed: Promise<string>;
}

/** What new objects may take before they are cleared away. Reading shapes fills any such space, and is not quicker for more. */
const maxYoungGenerationSizeMb = 6;

export class TillNotOpenedError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws TillNotOpenedError where the thread cannot open its folder. */
export async function startThread(
  options: ThreadOptions,
  onEvent: (event: TillEvent) => void,
  keyStore?: KeyStore,
  address = new URL("./worker/thread.ts", import.meta.url),
): Promise<ThreadLine> {
  const workerData: ThreadData = { ...options, hasKeyStore: keyStore !== undefined };
  const thread = new Worker(address, { workerData, resourceLimits: { maxYoungGenerationSizeMb } });
  const waiting = new Map<number, (answer: Answer) => void>();
  const [opened, closed, failed] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<string>(),
  ];
  let asked = 0;
  let ended: string | undefined;
  const end = (why: string): void => {
    closed.resolve();
    if (ended !== undefined) return;
    ended = why;
    for (const answer of waiting.values()) answer(gone(why));
    waiting.clear();
    failed.resolve(why);
    opened.reject(new TillNotOpenedError("unexpected", why));
  };
  const send = (message: ToThread) => thread.postMessage(message, []);
  thread.on("message", (message: FromThread) => {
    switch (message.type) {
      case "ready":
        return opened.resolve();
      case "not-opened":
        return opened.reject(new TillNotOpenedError(message.code, message.message));
      case "event":
        return onEvent(message.event);
      case "key-store":
        return void askStore(keyStore, message).then((bytes) =>
          send({ type: "key-store-answer", id: message.id, bytes }),
        );
      case "closed":
        return closed.resolve();
      case "answer":
        waiting.get(message.id)?.(message.answer);
        waiting.delete(message.id);
    }
  });
  thread.on("error", (error) => end(error instanceof Error ? error.message : String(error)));
  thread.on("exit", () => end("the till has ended"));
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
    async close() {
      send({ type: "close" });
      await closed.promise;
      ended ??= "the till is closed";
      for (const answer of waiting.values()) answer(gone(ended));
      waiting.clear();
      await thread.terminate();
    },
    failed: failed.promise,
  };
}

async function askStore(
  store: KeyStore | undefined,
  { ask, bytes }: { readonly ask: keyof KeyStore; readonly bytes: Uint8Array },
): Promise<Uint8Array | null> {
  try {
    return (await store?.[ask](bytes)) ?? null;
  } catch (error) {
    console.error(error);
    return null;
  }
}

function gone(message: string): Answer {
  return { ok: false, code: "unexpected", message };
}
