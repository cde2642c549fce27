/** The one window: shown once the page has something to show, and put right when its process dies. */
import { BrowserWindow } from "electron";
import { eventChannel } from "../preload/channels.ts";
import type { TillEvent } from "../protocol.ts";
import { pageUrl } from "./page-scheme.ts";
import { windowOptions } from "./window-options.ts";
import type { WindowParts } from "./window-options.ts";

export interface OpenWindowParts {
  readonly parts: WindowParts;
  /** The user closes it; it stays until the program ends. */
  readonly onClose: () => void;
  /** The system ends the session (Windows). */
  readonly onSessionEnd: () => void;
  readonly onBroken: (why: string) => void;
}

export interface PageWindow {
  open(link: string | undefined): void;
  tell(event: TillEvent): void;
}

/** A page that dies again within this time is not started over. */
const quickMs = 30_000;

export function openWindow({ parts, onClose, onSessionEnd, onBroken }: OpenWindowParts): PageWindow {
  const window = new BrowserWindow(windowOptions(parts));
  const { webContents } = window;
  let startedMs = Date.now();
  let hasSomethingToShow = false;
  window.once("ready-to-show", () => {
    hasSomethingToShow = true;
    window.show();
  });
  window.on("close", (event) => {
    event.preventDefault();
    onClose();
  });
  window.on("session-end", onSessionEnd);
  webContents.on("render-process-gone", (_event, { reason }) => {
    if (Date.now() - startedMs < quickMs) return onBroken(`page: ${reason}`);
    startedMs = Date.now();
    webContents.reload();
  });
  const load = (address: string) =>
    void window.loadURL(address).catch((error: Error) => console.error(error));
  load(pageUrl);
  return {
    open(link) {
      if (link !== undefined) load(pageAddress(link));
      if (!hasSomethingToShow) return;
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    tell: (event) => webContents.send(eventChannel, event),
  };
}

/** The page finds the link behind the `#`, which no server ever sees and which changes without loading anything anew. */
function pageAddress(link: string): string {
  return `${pageUrl}#open=${encodeURIComponent(link)}`;
}
