/** What a sandbox is started with. A setting that belongs to a real server refuses the start: none of it would hold. */
import { parseArgs } from "node:util";
import { isLoopback, readConfig } from "../config.ts";
import type { Config } from "../config.ts";

export interface SandboxOptions {
  readonly seedFile: string;
  readonly port: number;
  readonly reset: boolean;
  readonly config: Config;
}

export type ReadSandboxOptions =
  | { readonly ok: true; readonly options: SandboxOptions }
  | { readonly ok: false; readonly mistakes: readonly string[] };

export const usage = "npm run sandbox -- --seed FILE [--port 3333] [--reset]";

type Environment = Readonly<Record<string, string | undefined>>;

export function readSandboxOptions(args: readonly string[], environment: Environment): ReadSandboxOptions {
  const words = readWords(args);
  const config = readConfig({
    LOG_LEVEL: "warn",
    PAYPOST_DATA: "./data/sandbox",
    // The trial's own callback receivers are on this machine.
    PAYPOST_ALLOW_PRIVATE_CALLBACKS: "true",
    ...withoutEmpty(environment),
    PORT: words.ok ? words.port : "0",
  });
  const mistakes = [
    ...(words.ok ? [] : [words.mistake]),
    ...(config.ok ? [] : config.mistakes.map(({ message }) => message)),
    ...ofRealServers(environment),
  ];
  if (!words.ok || !config.ok || mistakes.length > 0) return { ok: false, mistakes };
  const { seedFile, reset } = words;
  return { ok: true, options: { seedFile, reset, port: config.config.port, config: config.config } };
}

type Words =
  | { readonly ok: true; readonly seedFile: string; readonly port: string; readonly reset: boolean }
  | { readonly ok: false; readonly mistake: string };

function readWords(args: readonly string[]): Words {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { seed: { type: "string" }, port: { type: "string" }, reset: { type: "boolean" } },
    });
    if (!values.seed) return { ok: false, mistake: `--seed is missing. Usage: ${usage}` };
    return { ok: true, seedFile: values.seed, port: values.port ?? "3333", reset: values.reset ?? false };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { ok: false, mistake: `${error.message} Usage: ${usage}` };
  }
}

function ofRealServers(environment: Environment): string[] {
  const { HOST } = environment;
  const elsewhere =
    HOST && !isLoopback(HOST)
      ? [
          `HOST is ${HOST}, but a sandbox asks for no token and listens on 127.0.0.1 and ::1 only. Remove HOST.`,
        ]
      : [];
  const set = realServerSettings.filter((name) => environment[name]);
  return [
    ...elsewhere,
    ...set.map((name) => `${name} is a setting of a real server and means nothing here. Remove it.`),
  ];
}

const realServerSettings = [
  "PAYPOST_KEYS",
  "PAYPOST_KEYS_SECRET",
  "PAYPOST_JWKS",
  "PAYPOST_ISSUER",
  "ELECTRIC_URL",
] as const;

function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
}
