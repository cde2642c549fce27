/**
 * A stand-in for the module `electron` in a plain Node process. It notes what it is asked to do and plays Electron's
 * order of events; there is no window, no Chromium and no sandbox. Only what the program uses is here.
 */
import { EventEmitter } from "node:events";
import { settingVariable } from "./messages.ts";
import type { Command, Note, Setting } from "./messages.ts";

const setting = JSON.parse(process.env[settingVariable] ?? "{}") as Setting;
const note = (what: string, detail?: unknown): void => void process.send?.({ what, detail } satisfies Note);

type Handler = (...given: readonly unknown[]) => unknown;
const handlers = new Map<string, Handler>();
const keep = (name: string) => (handler: Handler) => {
  note(name);
  handlers.set(name, handler);
};

/** An event that its listeners may prevent. */
function emit(on: EventEmitter, name: string, ...rest: readonly unknown[]): boolean {
  let isPrevented = false;
  const preventDefault = () => {
    isPrevented = true;
  };
  on.emit(name, { preventDefault }, ...rest);
  return isPrevented;
}

export const app = Object.assign(new EventEmitter(), {
  isPackaged: true,
  setPath: (name: string, path: string) => note("setPath", [name, path]),
  getPath: () => setting.folder,
  getVersion: () => "0.0.0-simulated",
  getLocale: () => "en-GB",
  setAppUserModelId: (id: string) => note("setAppUserModelId", id),
  setAsDefaultProtocolClient: (scheme: string) => note("setAsDefaultProtocolClient", scheme),
  enableSandbox: () => note("enableSandbox"),
  requestSingleInstanceLock(data: unknown) {
    note("requestSingleInstanceLock", data);
    return setting.isFirst;
  },
  async whenReady() {
    // Not before the main file has run to its end.
    await new Promise((resolve) => setImmediate(resolve));
    note("ready");
  },
  quit() {
    note("quit");
    if (!emit(app, "before-quit")) process.exit(0);
  },
  exit(code: number) {
    process.send?.({ what: "exit", detail: code } satisfies Note, () => process.exit(code));
  },
});

export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown) => note("registerSchemesAsPrivileged", schemes),
};

const pages = Object.assign(new EventEmitter(), {
  setPermissionRequestHandler: keep("setPermissionRequestHandler"),
  setPermissionCheckHandler: keep("setPermissionCheckHandler"),
  setDevicePermissionHandler: keep("setDevicePermissionHandler"),
  setDisplayMediaRequestHandler: keep("setDisplayMediaRequestHandler"),
  setSpellCheckerEnabled: () => {},
  webRequest: { onBeforeRequest: keep("onBeforeRequest") },
  protocol: {
    handle(scheme: string, handler: Handler) {
      note("protocol.handle", scheme);
      handlers.set("page", handler);
    },
  },
});
export const session = { fromPartition: () => pages };

export const ipcMain = {
  handle(channel: string, handler: Handler) {
    note("ipcMain.handle", channel);
    handlers.set("ask", handler);
  },
};

const page = { parent: null, url: "app://paypost/", origin: "app://paypost" };
const elsewhere = { parent: null, url: "https://example.org/", origin: "https://example.org" };
const opened: BrowserWindow[] = [];

export class BrowserWindow extends EventEmitter {
  readonly webContents = Object.assign(new EventEmitter(), {
    mainFrame: page,
    getURL: () => page.url,
    setWindowOpenHandler: keep("setWindowOpenHandler"),
    send: (channel: string, event: unknown) => note("send", [channel, event]),
    reload: () => note("reload"),
  });

  constructor({ webPreferences }: { readonly webPreferences: Readonly<Record<string, unknown>> }) {
    super();
    opened.push(this);
    const { session: ofWindow, ...preferences } = webPreferences;
    note("window", { ...preferences, isOfGuardedSession: ofWindow === pages });
    app.emit("web-contents-created", {}, this.webContents);
  }

  async loadURL(url: string): Promise<void> {
    note("loadURL", url);
    const answer = (await handlers.get("page")?.(new Request(url))) as Response;
    note("answered", [answer.status, answer.headers.get("content-security-policy")]);
    this.emit("ready-to-show");
  }
  show(): void {
    note("show");
  }
  focus(): void {
    note("focus");
  }
  restore(): void {
    note("restore");
  }
  isMinimized(): boolean {
    return false;
  }
}

export class Tray extends EventEmitter {
  setImage(image: string): void {
    note("tray", image);
  }
  setToolTip(text: string): void {
    note("tip", text);
  }
  setContextMenu(): void {}
}

export const Menu = { buildFromTemplate: (template: unknown) => template, setApplicationMenu: () => {} };

export const dialog = {
  showErrorBox: (title: string, text: string) => note("error", [title, text]),
  showMessageBox(question: Readonly<Record<string, unknown>>) {
    note("question", question);
    return Promise.resolve({ response: setting.answer });
  },
};

export const powerMonitor = new EventEmitter();
export const systemPreferences = {};

export const safeStorage = {
  getSelectedStorageBackend: () => (setting.keyring ? "gnome_libsecret" : "basic_text"),
  isAsyncEncryptionAvailable: () => Promise.resolve(true),
  encryptStringAsync: (text: string) => Promise.resolve(Buffer.from(`v11${text}`)),
  decryptStringAsync: (bytes: Buffer) =>
    Promise.resolve({ shouldReEncrypt: false, result: bytes.toString("utf8", 3) }),
};

process.on("message", (command: Command) => {
  const window = opened[0];
  const contents = window?.webContents;
  switch (command.type) {
    case "close-window":
      return window && emit(window, "close");
    case "quit":
      return app.quit();
    case "page-dies":
      return contents && emit(contents, "render-process-gone", { reason: "crashed" });
    case "second-instance":
      return app.emit("second-instance", {}, [], "/", command.data);
    case "ask": {
      const senderFrame = command.from === "page" ? page : elsewhere;
      const answer = handlers.get("ask")?.({ senderFrame, sender: contents }, command.name, command.payload);
      void Promise.resolve(answer).then((given) => note("answer", given));
    }
  }
});
