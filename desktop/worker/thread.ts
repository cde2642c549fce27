/** The till in a thread of its own, so that neither SQLite nor a slow disk ever holds up the screen. */
import { parentPort, workerData } from "node:worker_threads";
import { enterPractice } from "#sync/signing/realm.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import type { FromThread, KeyStore, ThreadData, ToThread } from "../thread-line.ts";
import { createMachineClock, machineSleep } from "./machine.ts";
import { openStores } from "./open.ts";
import type { NodeStores } from "./open.ts";
import { openPractice } from "./practice/open.ts";
import { createTill } from "./till/till.ts";

const port = parentPort;
if (!port) throw new Error("this file is the start of a worker thread");
const say = (message: FromThread) => port.postMessage(message);

const { directory, version, practice, hasKeyStore } = workerData as ThreadData;
if (practice) enterPractice();
const clock = createMachineClock();
const storeAnswers = new Map<number, (bytes: Uint8Array | null) => void>();
let askedStore = 0;
void start();

/** Not awaited at the top: the thread of the desktop application is built as CommonJS, which has no such thing. */
async function start(): Promise<void> {
  try {
    const opened = openStores({ directory, wallMs: () => clock.wallMs() });
    if (opened.ok) await serve(opened.stores);
    else
      say({
        type: "not-opened",
        code: opened.refusal.code,
        message: `another program is using ${directory}`,
      });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && "code" in error ? String(error.code) : "unexpected";
    say({ type: "not-opened", code, message });
  }
}

async function serve(stores: NodeStores): Promise<void> {
  const onFailure = (error: unknown) => console.error(error);
  const machine = { clock, sleep: machineSleep, randomBytes: webRandomBytes, fetch };
  const keyStore = hasKeyStore ? shellsKeyStore() : undefined;
  const real = { stores, version, keyStore, onFailure, ...machine };
  const wallMs = () => clock.wallMs();
  const till = createTill(
    practice ? { ...real, ...(await openPractice(stores, { wallMs, randomBytes: webRandomBytes })) } : real,
  );
  till.listen((event) => say({ type: "event", event }));
  port?.on("message", (message: ToThread) => {
    switch (message.type) {
      case "close":
        return void till.close().finally(() => say({ type: "closed" }));
      case "key-store-answer":
        storeAnswers.get(message.id)?.(message.bytes);
        return void storeAnswers.delete(message.id);
      case "request": {
        const { id, name, payload } = message;
        return void till.handle(name, payload).then((answer) => say({ type: "answer", id, answer }));
      }
    }
  });
  await till.begin();
  say({ type: "ready" });
}

/** The key store is the shell's: its answers come as messages. */
function shellsKeyStore(): KeyStore {
  const askShell = async (ask: keyof KeyStore, bytes: Uint8Array): Promise<Uint8Array> => {
    const id = (askedStore += 1);
    const answer = Promise.withResolvers<Uint8Array | null>();
    storeAnswers.set(id, answer.resolve);
    say({ type: "key-store", id, ask, bytes });
    const given = await answer.promise;
    if (!given) throw new Error("the machine's key store has failed");
    return given;
  };
  return {
    wrap: (bytes) => askShell("wrap", bytes),
    unwrap: (bytes) => askShell("unwrap", bytes),
    renew: (bytes) => askShell("renew", bytes),
  };
}
