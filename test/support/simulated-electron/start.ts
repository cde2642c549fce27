/** Starts the built program under the simulated Electron, and watches what it does. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { settingVariable } from "./messages.ts";
import type { Command, Note, Setting } from "./messages.ts";

export interface SimulatedProgram {
  readonly notes: readonly Note[];
  /** Waits for the first note of that name after those that were seen by an earlier wait for it. */
  next(what: string): Promise<Note>;
  tell(command: Command): void;
  /** Asks the till as the page does, one request after the other. */
  ask(name: string, payload: unknown): Promise<unknown>;
  kill(signal: NodeJS.Signals): void;
  /** The code that the process ended with. */
  readonly ended: Promise<number | null>;
}

export function startSimulated(
  main: string,
  args: readonly string[],
  setting: Partial<Setting> & Pick<Setting, "folder">,
): SimulatedProgram {
  const whole: Setting = { isFirst: true, keyring: false, answer: 0, ...setting };
  const child = fork(main, args, {
    execArgv: [
      "--disable-warning=ExperimentalWarning",
      "--import",
      new URL("hooks.ts", import.meta.url).href,
    ],
    env: { ...process.env, [settingVariable]: JSON.stringify(whole) },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const notes: Note[] = [];
  const seen = new Map<string, number>();
  const waiting = new Set<() => void>();
  child.on("message", (note: Note) => {
    notes.push(note);
    for (const look of waiting) look();
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const tell = (command: Command): void => void child.send(command);
  const next = (what: string): Promise<Note> => {
    const from = seen.get(what) ?? 0;
    const found = Promise.withResolvers<Note>();
    const look = () => {
      const at = notes.findIndex((note, index) => index >= from && note.what === what);
      if (at < 0) return;
      seen.set(what, at + 1);
      waiting.delete(look);
      found.resolve(notes[at] as Note);
    };
    waiting.add(look);
    look();
    const giveUp = (code: number | null) =>
      found.reject(
        new Error(`the program ended with ${code}; no ${what} after ${JSON.stringify(notes.slice(-5))}`),
      );
    void ended.then(giveUp);
    return found.promise;
  };
  return {
    notes,
    next,
    async ask(name, payload) {
      tell({ type: "ask", from: "page", name, payload: JSON.stringify(payload) });
      return (await next("answer")).detail;
    },
    tell,
    kill: (signal) => void child.kill(signal),
    ended,
  };
}
