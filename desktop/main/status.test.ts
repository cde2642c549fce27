import { describe, expect, test, vi } from "vitest";
import type { SyncState, TillState } from "../protocol.ts";
import { languages } from "../protocol.ts";
import { trayMenu, windowMenu } from "./menus.ts";
import type { MenuParts } from "./menus.ts";
import { statusOf, unsentLine, wordsFor } from "./status.ts";
import { languageFor, shellWords } from "./words.ts";

const { en } = shellWords;

describe("the shell speaks the page's languages", () => {
  test.each(languages)(
    "%s has words for everything, its own ones, with the places for count and value",
    (language) => {
      const words = shellWords[language];
      expect(Object.keys(words)).toEqual(Object.keys(en));
      for (const text of Object.values(words)) expect(text.trim()).not.toBe("");
      for (const place of ["{count}", "{value}"]) expect(words.unsent.split(place)).toHaveLength(2);
      const same = Object.entries(words).filter(([name, text]) => en[name as keyof typeof en] === text);
      expect(language === "en" ? [] : same).toEqual([]);
    },
  );

  test("the page's choice comes first, then the system's language, then English", () => {
    expect(languageFor("sw", "fr-CA")).toBe("sw");
    expect(languageFor(null, "pt_BR.UTF-8")).toBe("pt");
    expect(languageFor(null, "nl")).toBe("en");
  });
});

const sums = [
  { amount: "1200.50", currency: "KES", count: 2 },
  { amount: "9007199254740993.01", currency: "USD", count: 1 },
];

test("what is unsent is told by count and value in each currency, to the last digit", () => {
  const line = unsentLine({ queued: 3, sums }, en, "en").replaceAll("\u00a0", " ");
  expect(line).toBe("Not sent yet: 3 (KES 1,200.50, USD 9,007,199,254,740,993.01)");
  expect(unsentLine({ queued: 0, sums: [] }, en, "en")).toBe(en.nothingUnsent);
});

const sync = { online: true, queued: 0, queuedSums: [] } as unknown as SyncState;
const state = (change: Partial<SyncState>, phase: TillState["phase"] = "open"): TillState =>
  ({ till: {}, phase, settings: { language: null }, sync: { ...sync, ...change } }) as TillState;

describe("the tray's picture and lines", () => {
  test.each([
    ["online", {}, en.online],
    ["offline", { online: false }, en.offline],
    ["offline", { online: null }, en.notTried],
    ["waiting", { queued: 3, queuedSums: sums }, en.online],
    ["waiting", { queued: 3, queuedSums: sums, online: false }, en.offline],
  ] as const)("%s for %o", (icon, change, connection) => {
    expect(statusOf(state(change), en, "en")).toMatchObject({ icon, connection });
  });

  test("a till that is not enrolled says so, and cannot sync", () => {
    const status = statusOf({ ...state({}, "first-start"), till: null, sync: null }, en, "en");
    expect(status).toMatchObject({ icon: "offline", connection: en.notEnrolled, maySync: false });
  });

  test("a locked till cannot sync", () => {
    expect(statusOf(state({}, "locked"), en, "en").maySync).toBe(false);
    expect(statusOf(state({}, "signed-out"), en, "en").maySync).toBe(true);
  });

  test("the words follow the till's language", () => {
    const chosen = { ...state({}), settings: { language: "ar" } } as TillState;
    expect(wordsFor(chosen, "en").words.quit).toBe(shellWords.ar.quit);
    expect(wordsFor(undefined, "es-MX").locale).toBe("es");
  });
});

describe("menus", () => {
  const actions = { open: vi.fn<() => void>(), sync: vi.fn<() => void>(), quit: vi.fn<() => void>() };
  const set = vi.fn<(on: boolean) => void>();
  const parts: MenuParts = { words: en, actions, autoStart: { isOn: () => true, set } };
  const status = statusOf(state({ queued: 1, queuedSums: sums }), en, "en");
  const press = (label: string, checked = false) => {
    const item = trayMenu(status, parts).find((one) => one.label === label);
    item?.click?.({ checked } as never, undefined, undefined as never);
    return item;
  };

  test("the tray opens the window, syncs, and quits the orderly way", () => {
    press(en.open);
    press(en.syncNow);
    press(en.quit);
    for (const action of Object.values(actions)) expect(action).toHaveBeenCalledTimes(1);
  });

  test("starting with the session shows what the system has, and changes it", () => {
    expect(press(en.startAtLogin, false)).toMatchObject({ type: "checkbox", checked: true });
    expect(set).toHaveBeenCalledWith(false);
    const labels = trayMenu(status, { ...parts, autoStart: undefined }).map((item) => item.label);
    expect(labels).not.toContain(en.startAtLogin);
  });

  test("the window's menu has no reload and no developer tools", () => {
    const roles = JSON.stringify(windowMenu(parts)).match(/"role":"\w+"/g);
    expect(roles?.join(" ")).not.toMatch(/reload|devtools/i);
    expect(roles).toContain(`"role":"paste"`);
  });
});
