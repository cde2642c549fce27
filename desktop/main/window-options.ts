/** The window: the page in a sandbox, without Node, without developer tools once it is packaged. */
import type { BrowserWindowConstructorOptions, Session } from "electron";

export interface WindowParts {
  readonly preload: string;
  readonly icon: string;
  readonly isPackaged: boolean;
  readonly session: Session;
}

export function windowOptions({
  preload,
  icon,
  isPackaged,
  session,
}: WindowParts): BrowserWindowConstructorOptions {
  return {
    title: "Paypost",
    icon,
    width: 1180,
    height: 780,
    minWidth: 360,
    minHeight: 480,
    // Shown once there is something to see.
    show: false,
    autoHideMenuBar: true,
    webPreferences: {
      preload,
      session,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      // A dictionary would be fetched from the internet, and voucher numbers are not prose.
      spellcheck: false,
      devTools: !isPackaged,
    },
  };
}
