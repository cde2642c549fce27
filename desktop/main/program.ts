/** What runs once Electron is ready: the till first, then everything that guards the page, then the page. */
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { app, dialog, ipcMain, powerMonitor, safeStorage, session, systemPreferences } from "electron";
import { connectTill, TillNotOpenedError } from "../connect.ts";
import type { ConnectedTill } from "../connect.ts";
import type { QuitCheck, TillState } from "../protocol.ts";
import { fileAutoStart, systemAutoStart } from "./auto-start.ts";
import type { AutoStart } from "./auto-start.ts";
import { serveBridge } from "./bridge.ts";
import { tillFolder } from "./data-folder.ts";
import { guardSession } from "./guards.ts";
import { openKeyStore } from "./key-store.ts";
import { createPageHandler, pageScheme } from "./page-scheme.ts";
import { createShutdown } from "./shutdown.ts";
import { unsentLine, wordsFor } from "./status.ts";
import type { Unsent } from "./status.ts";
import { showTray } from "./tray.ts";
import { openWindow } from "./window.ts";

export interface Program {
  /** Brings the window to the front, with an enrolment link for the page where there is one. */
  open(link: string | undefined): void;
}

const here = import.meta.dirname;
const icons = join(here, "icons");
/** A slow disk may keep the till's thread for seconds. */
const longestAnswerMs = 10_000;

/** Undefined where the till could not be opened: the user was told, and the program ends. */
export async function startProgram(args: readonly string[]): Promise<Program | undefined> {
  const till = await openTill(tillFolder(app, args));
  if (!till) return undefined;
  const { isPackaged } = app;
  // In memory: the page leaves no cookies, cache or storage on the disk.
  const pages = session.fromPartition("page");
  guardSession(pages, { isPackaged, mayUseCamera });
  pages.protocol.handle(pageScheme.scheme, createPageHandler(join(here, "page")));
  serveBridge(ipcMain, till);

  let state: TillState | undefined;
  const stopListening: (() => void)[] = [];
  const shutdown = createShutdown({
    unsent: () => unsentOf(till, state),
    mayQuit: (unsent) => mayQuit(unsent, state),
    // Whoever hears of a change asks what it is, and a till that is closing has no more to say.
    close() {
      for (const stop of stopListening) stop();
      return till.close();
    },
    exit: (code) => app.exit(code),
    onFailure: (error) => console.error(error),
  });
  const end = (why: string): void => {
    dialog.showErrorBox(wordsFor(state, app.getLocale()).words.ended, why);
    shutdown.now(1);
  };
  app.on("before-quit", (event) => {
    event.preventDefault();
    shutdown.ask();
  });
  // Its type leaves out the event, which holds the system up until the files are closed.
  powerMonitor.on("shutdown", ((event: Electron.Event) => {
    event.preventDefault();
    shutdown.now();
  }) as () => void);
  // Set once Electron is ready, after Electron's own, which would ask as if somebody had pressed the button.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => shutdown.now());
  void till.failed.then(end);

  const window = openWindow({
    parts: { preload: join(here, "preload.cjs"), icon: join(icons, "icon.png"), isPackaged, session: pages },
    onClose: () => shutdown.ask(),
    onSessionEnd: () => shutdown.now(),
    onBroken: (why) => end(why),
  });
  const stopTray = showTray({
    till,
    icons,
    autoStart: isPackaged ? autoStart() : undefined,
    actions: {
      open: () => window.open(undefined),
      sync: () => void till.ask("sync", {}),
      quit: () => shutdown.ask(),
    },
    onState: (seen) => {
      state = seen;
    },
  });
  stopListening.push(
    stopTray,
    till.listen((event) => window.tell(event)),
  );
  return { open: (link) => window.open(link) };
}

async function openTill(directory: string): Promise<ConnectedTill | undefined> {
  const keyStore = await openKeyStore(safeStorage, process.platform);
  try {
    const thread = new URL("./worker/thread.cjs", import.meta.url);
    return await connectTill({ directory, version: app.getVersion(), keyStore, thread });
  } catch (error) {
    if (!(error instanceof TillNotOpenedError)) throw error;
    const { words } = wordsFor(undefined, app.getLocale());
    const because = error.code === "in-use" ? words.inUse : `${error.message} (${error.code})`;
    dialog.showErrorBox(words.notOpened, `${because}\n\n${directory}`);
    app.exit(1);
    return undefined;
  }
}

/**
 * Undefined where nothing is unsent, or the server has signed that it will honour an exported file with all of it. A till
 * that does not answer is taken at its last word.
 */
async function unsentOf(till: ConnectedTill, state: TillState | undefined): Promise<Unsent | undefined> {
  const sync = state?.sync;
  const lastWord: QuitCheck = {
    queued: sync?.queued ?? 0,
    sums: sync?.queuedSums ?? [],
    acknowledged: false,
  };
  const answer = await Promise.race([till.ask("quit-check", {}), delay(longestAnswerMs)]);
  const check = answer?.ok === true ? (answer.result as QuitCheck) : lastWord;
  return check.queued === 0 || check.acknowledged ? undefined : check;
}

async function mayQuit(unsent: Unsent, state: TillState | undefined): Promise<boolean> {
  const { words, locale } = wordsFor(state, app.getLocale());
  const { response } = await dialog.showMessageBox({
    type: "warning",
    title: "Paypost",
    message: words.quitTitle,
    detail: `${unsentLine(unsent, words, locale)}\n\n${words.quitDetail}`,
    buttons: [words.stay, words.quitAnyway],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  });
  return response === 1;
}

/** On macOS the system asks once, and remembers; elsewhere whoever has a camera may use it. */
function mayUseCamera(): Promise<boolean> {
  if (process.platform !== "darwin") return Promise.resolve(true);
  return systemPreferences.askForMediaAccess("camera");
}

function autoStart(): AutoStart {
  if (process.platform !== "linux") return systemAutoStart(app);
  const { env, execPath } = process;
  const configHome = env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  return fileAutoStart({ configHome, program: env["APPIMAGE"] ?? execPath });
}
