/** `npm run desktop:dist -- [--dir]`: installers for this system, or with `--dir` the program as a folder. */
import { parseArgs } from "node:util";
import { build, Platform } from "electron-builder";
import { buildApp } from "./build.ts";
import { builderConfig } from "./builder.config.ts";

const { values } = parseArgs({ options: { dir: { type: "boolean", default: false } } });
await buildApp();
const made = await build({
  config: builderConfig,
  ...(values.dir && { targets: Platform.current().createTarget("dir") }),
});
for (const file of made) console.log(file);
