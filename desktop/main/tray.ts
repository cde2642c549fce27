/** The tray: whether the till has a connection and what waits, without opening the window. */
import { join } from "node:path";
import { app, Menu, Tray } from "electron";
import type { ConnectedTill } from "../connect.ts";
import type { TillState } from "../protocol.ts";
import { trayMenu, windowMenu } from "./menus.ts";
import type { MenuParts } from "./menus.ts";
import { statusOf, wordsFor } from "./status.ts";

export interface TrayParts extends Omit<MenuParts, "words"> {
  readonly till: Pick<ConnectedTill, "ask" | "listen">;
  readonly icons: string;
  /** Told of every state of the real till that is read. */
  readonly onState: (state: TillState) => void;
}

/** Returns how to end its questions. */
export function showTray({ till, icons, onState, ...menu }: TrayParts): () => void {
  const iconOf = (name: string) => join(icons, `${name}.png`);
  const tray = new Tray(iconOf("tray-offline"));
  tray.on("click", () => menu.actions.open());
  let shown: string | undefined;
  const show = (state: TillState): void => {
    // The tray is about the real till, whose last standing stays while somebody practises.
    if (state.practice) return;
    onState(state);
    const { locale, words } = wordsFor(state, app.getLocale());
    const status = statusOf(state, words, locale);
    // The state is told often, and a menu that is open would close.
    const text = JSON.stringify([locale, status]);
    if (text === shown) return;
    shown = text;
    tray.setImage(iconOf(`tray-${status.icon}`));
    tray.setToolTip(["Paypost", status.connection, status.unsent].join("\n"));
    tray.setContextMenu(Menu.buildFromTemplate(trayMenu(status, { words, ...menu })));
    Menu.setApplicationMenu(Menu.buildFromTemplate(windowMenu({ words, ...menu })));
  };
  const read = async (): Promise<void> => {
    const answer = await till.ask("state", {});
    if (answer.ok) show(answer.result as TillState);
  };
  let reading: Promise<void> | undefined;
  let isStale = false;
  const readOften = async (): Promise<void> => {
    do {
      isStale = false;
      await read();
    } while (isStale);
    reading = undefined;
  };
  /** One question at a time, and one more after it where something happened meanwhile. */
  const refresh = (): void => {
    isStale = true;
    reading ??= readOften();
  };
  const stop = till.listen(refresh);
  refresh();
  return stop;
}
