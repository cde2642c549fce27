/** `npm run desktop -- [--data FOLDER] [LINK]`: builds the application and starts it in Electron. */
import { spawn } from "node:child_process";
import { appFolder, buildApp } from "./build.ts";
import { findElectron } from "./electron-binary.ts";

const electron = findElectron();
if (!electron.ok) {
  exit(`Electron's program cannot be had on this machine: ${electron.because}

The same till runs in a browser on this machine:

  npm run desktop:web

To try Electron again, run this command where its releases can be reached, or set ELECTRON_OVERRIDE_DIST_PATH to a
folder with an unpacked release of the version in package.json.`);
}
if (process.getuid?.() === 0) {
  exit(
    "Electron keeps its pages in a sandbox, and that does not work as root. Start it as an ordinary user.",
  );
}
await buildApp();
const program = spawn(electron.path, [appFolder, ...process.argv.slice(2)], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => program.kill(signal));
program.on("close", (code) => process.exit(code ?? 1));

function exit(message: string): never {
  console.error(message);
  process.exit(1);
}
