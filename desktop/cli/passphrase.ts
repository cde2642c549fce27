/** The passphrase that wraps the node's key: from a file, the environment, or whoever sits at the terminal. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";

/** Undefined when there is none, and nobody to ask. */
export async function readPassphrase(file: string | undefined): Promise<string | undefined> {
  if (file !== undefined) return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  const fromEnvironment = process.env["PAYPOST_PASSPHRASE"];
  if (fromEnvironment !== undefined && fromEnvironment !== "") return fromEnvironment;
  return process.stdin.isTTY ? ask("Passphrase of this till: ") : undefined;
}

function ask(question: string): Promise<string | undefined> {
  process.stderr.write(question);
  // Nothing of what is typed is shown.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve) => {
    reader.once("line", (line) => {
      resolve(line);
      reader.close();
    });
    reader.once("close", () => {
      process.stderr.write("\n");
      resolve(undefined);
    });
  });
}
