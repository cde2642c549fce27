/** Real processes of ours: the server, and the two command lines. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves with the first line of standard output that matches; rejects when the process ends before. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts a script of the project: on the Node that runs this, or on Deno where its name says so. */
export function start(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running {
  const [program, ...first] = script.endsWith(".deno.ts")
    ? [denoProgram(), "run", "--quiet", "--allow-all"]
    : [process.execPath];
  const child = spawn(program, [...first, script, ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const finished = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));
  return { child, finished, line: (pattern) => waitForLine(child, finished, pattern, () => stdout) };
}

/** Deno itself, not the script that npm starts it with: a signal must reach the server. */
function denoProgram(): string {
  const folder = dirname(createRequire(import.meta.url).resolve("deno/package.json"));
  return join(folder, process.platform === "win32" ? "deno.exe" : "deno");
}

/** Runs a script to its end. */
export function run(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return start(script, args, env).finished;
}

async function waitForLine(
  child: ChildProcess,
  finished: Promise<Finished>,
  pattern: RegExp,
  output: () => string,
): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(output());
    if (found) return found;
    const ended = await Promise.race([
      finished,
      new Promise<undefined>((resolve) => child.stdout?.once("data", () => resolve(undefined))),
    ]);
    const last = pattern.exec(output());
    if (last) return last;
    if (ended)
      throw new Error(
        `the process ended with ${ended.code ?? ended.signal}: ${ended.stderr || ended.stdout}`,
      );
  }
}
