/**
 * The page's requests, on their way to the till.
 *
 * E5  A message counts only if the window's own page, in its main frame, sent it.
 * E6  A message is a name and JSON text of bounded length; what it means is checked by the till.
 */
import type { IpcMain, IpcMainInvokeEvent } from "electron";
import type { ConnectedTill } from "../connect.ts";
import { mostRequestBytes } from "../page-policy.ts";
import type { Answer } from "../protocol.ts";
import { askChannel } from "../preload/channels.ts";
import { isPageUrl } from "./page-scheme.ts";

const longestName = 40;

export function serveBridge(ipcMain: IpcMain, till: Pick<ConnectedTill, "ask">): void {
  ipcMain.handle(askChannel, (event, name: unknown, payload: unknown) => {
    if (!isFromPage(event)) return malformed("this message does not come from the page");
    return pass(till, name, payload);
  });
}

function isFromPage({ senderFrame, sender }: IpcMainInvokeEvent): boolean {
  if (senderFrame === null || senderFrame.parent !== null) return false;
  return (
    senderFrame === sender.mainFrame && isPageUrl(senderFrame.url) && isPageUrl(`${senderFrame.origin}/`)
  );
}

function pass(till: Pick<ConnectedTill, "ask">, name: unknown, payload: unknown): Promise<Answer> | Answer {
  if (typeof name !== "string" || name.length > longestName) return malformed("a request has a name");
  if (typeof payload !== "string") return malformed(`${name} comes without its payload`);
  if (payload.length > mostRequestBytes)
    return malformed(`${name} is longer than ${mostRequestBytes} characters`);
  try {
    return till.ask(name, JSON.parse(payload) as unknown);
  } catch {
    return malformed(`the payload of ${name} is not JSON`);
  }
}

function malformed(message: string): Answer {
  return { ok: false, code: "malformed", message };
}
