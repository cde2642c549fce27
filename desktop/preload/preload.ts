/**
 * All that the page has of the program: two functions. It runs sandboxed beside the page and hands over plain text and
 * plain answers; neither Electron's events nor its modules get through.
 */
import { contextBridge, ipcRenderer } from "electron";
import type { Answer, TillEvent } from "../protocol.ts";
import { askChannel, eventChannel } from "./channels.ts";

const listeners = new Set<(event: TillEvent) => void>();
ipcRenderer.on(eventChannel, (_event, told: TillEvent) => listeners.forEach((listener) => listener(told)));

contextBridge.exposeInMainWorld(
  "paypost",
  Object.freeze({
    // Text, as it is over HTTP: its length can be judged before anything of it is used.
    ask: (name: string, payload: unknown): Promise<Answer> =>
      ipcRenderer.invoke(askChannel, name, JSON.stringify(payload)) as Promise<Answer>,
    listen(listener: (event: TillEvent) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  }),
);
