/**
 * Starting with the user's session: the system's own setting on Windows and macOS, a file in the autostart folder
 * elsewhere (freedesktop.org, Desktop Application Autostart Specification).
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "electron";

export interface AutoStart {
  isOn(): boolean;
  set(on: boolean): void;
}

export function systemAutoStart(app: Pick<App, "getLoginItemSettings" | "setLoginItemSettings">): AutoStart {
  return {
    isOn: () => app.getLoginItemSettings().openAtLogin,
    set: (openAtLogin) => app.setLoginItemSettings({ openAtLogin }),
  };
}

export interface AutoStartFile {
  /** `$XDG_CONFIG_HOME`, or `~/.config`. */
  readonly configHome: string;
  /** The AppImage itself, not the folder that it is mounted on while it runs. */
  readonly program: string;
}

export function fileAutoStart({ configHome, program }: AutoStartFile): AutoStart {
  const folder = join(configHome, "autostart");
  const file = join(folder, "paypost.desktop");
  return {
    isOn: () => existsSync(file),
    set(on) {
      if (!on) return rmSync(file, { force: true });
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        file,
        ["[Desktop Entry]", "Type=Application", "Name=Paypost", `Exec=${quoted(program)}`, ""].join("\n"),
      );
    },
  };
}

/** As the Exec key wants it: quoted, with what is special there escaped, and the string's own backslashes doubled. */
function quoted(path: string): string {
  const escaped = path.replaceAll(/["`$\\]/g, (special) => `\\${special}`).replaceAll("%", "%%");
  return `"${escaped}"`.replaceAll("\\", "\\\\");
}
