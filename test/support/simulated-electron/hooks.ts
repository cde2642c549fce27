/** Loaded before the program: whoever asks for `electron` gets the stand-in. */
import { registerHooks } from "node:module";

registerHooks({
  resolve: (name, context, next) =>
    name === "electron"
      ? { url: new URL("electron.ts", import.meta.url).href, shortCircuit: true }
      : next(name, context),
});
