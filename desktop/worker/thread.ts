/** The till in a thread of its own, so that neither SQLite nor a slow disk ever holds up the screen. */
import { parentPort, workerData } from "node:worker_threads";
import { webRandomBytes } from "#sync/signing/random.ts";
import type { FromThread, ThreadOptions, ToThread } from "../connect.ts";
import { createMachineClock, machineSleep } from "./machine.ts";
import { openStores } from "./open.ts";
import { createTill } from "./till/till.ts";

const port = parentPort;
if (!port) throw new Error("this file is the start of a worker thread");
const say = (message: FromThread) => port.postMessage(message);

const { directory, version } = workerData as ThreadOptions;
const clock = createMachineClock();
try {
  const opened = openStores({ directory, wallMs: () => clock.wallMs() });
  if (opened.ok) serve(opened.stores);
  else say({ type: "not-opened", code: opened.refusal.code, message: `another program is using ${directory}` });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "unexpected";
  say({ type: "not-opened", code, message });
}

function serve(stores: Parameters<typeof createTill>[0]["stores"]): void {
  const onFailure = (error: unknown) => console.error(error);
  const machine = { clock, sleep: machineSleep, randomBytes: webRandomBytes, fetch };
  const till = createTill({ stores, version, onFailure, ...machine });
  till.listen((event) => say({ type: "event", event }));
  port?.on("message", (message: ToThread) => {
    if (message.type === "close") {
      void till.close().finally(() => say({ type: "closed" }));
      return;
    }
    const { id, name, payload } = message;
    void till.handle(name, payload).then((answer) => say({ type: "answer", id, answer }));
  });
  say({ type: "ready" });
}
