/** The menus of the tray and of the window, as templates: what they say follows the till's standing. */
import type { MenuItemConstructorOptions } from "electron";
import type { AutoStart } from "./auto-start.ts";
import type { Status } from "./status.ts";
import type { ShellWords } from "./words.ts";

export interface MenuActions {
  open(): void;
  sync(): void;
  quit(): void;
}

export interface MenuParts {
  readonly words: ShellWords;
  readonly actions: MenuActions;
  /** Undefined for a program that is not installed. */
  readonly autoStart: AutoStart | undefined;
}

export function trayMenu(
  status: Status,
  { words, actions, autoStart }: MenuParts,
): MenuItemConstructorOptions[] {
  return [
    { label: status.connection, enabled: false },
    { label: status.unsent, enabled: false },
    { type: "separator" },
    { label: words.open, click: () => actions.open() },
    { label: words.syncNow, enabled: status.maySync, click: () => actions.sync() },
    ...autoStartItem(words, autoStart),
    { type: "separator" },
    { label: words.quit, click: () => actions.quit() },
  ];
}

/**
 * The roles under Edit are what makes copy and paste work on macOS. There is no reload and no developer tools; zoom is
 * for eyes.
 */
export function windowMenu({ words, actions, autoStart }: MenuParts): MenuItemConstructorOptions[] {
  return [
    {
      label: "Paypost",
      submenu: [
        { label: words.syncNow, click: () => actions.sync() },
        ...autoStartItem(words, autoStart),
        { type: "separator" },
        { role: "zoomIn" },
        { role: "zoomOut" },
        { role: "resetZoom" },
        { type: "separator" },
        { label: words.quit, accelerator: "CommandOrControl+Q", click: () => actions.quit() },
      ],
    },
    {
      label: words.edit,
      submenu: [
        { role: "undo" },
        { role: "redo" },
        { type: "separator" },
        { role: "cut" },
        { role: "copy" },
        { role: "paste" },
        { role: "selectAll" },
      ],
    },
  ];
}

function autoStartItem(words: ShellWords, autoStart: AutoStart | undefined): MenuItemConstructorOptions[] {
  if (!autoStart) return [];
  return [
    {
      label: words.startAtLogin,
      type: "checkbox",
      checked: autoStart.isOn(),
      click: ({ checked }) => autoStart.set(checked),
    },
  ];
}
