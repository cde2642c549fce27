/** What a command of the operators' command line is, and how commands read their words and options. */
import type { Pool } from "pg";
import type { CarriedDependencies } from "../operations/carried.ts";
import type { Store } from "../ports/store.ts";
import type { RegisteredKeys } from "../signing-keys/registered.ts";

export interface CommandContext {
  readonly pool: Pool;
  readonly store: Store;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Where the keys lie, and what is known of the database outside of it. */
  readonly keysFolder: string;
  readonly leaseGraceHours: number;
  /** The server's keys, from the folder that this database belongs to. Throws WrongKeyFolderError. */
  readonly loadKeys: () => Promise<RegisteredKeys>;
  /** Does what a server does with what is handed in: signs, and enqueues jobs for the running servers. */
  readonly asServer: <T>(work: (server: CarriedDependencies) => Promise<T>) => Promise<T>;
}

export type Options = Readonly<Record<string, string | boolean | undefined>>;

export interface CommandResult {
  readonly text: string;
  /** The same for programs; bigint is written as text. */
  readonly data: unknown;
  /** What was looked at is not as it should be: the exit code is 1. */
  readonly isWrong?: boolean;
}

/** The words of the command line are wrong; the message says how they should be. */
export class UsageError extends Error {}

interface CommandBase {
  readonly usage: string;
  readonly summary: string;
}

/** `database: false`: works without one. */
export type Command =
  | (CommandBase & {
      readonly database: true;
      run(context: CommandContext, args: readonly string[], options: Options): Promise<CommandResult>;
    })
  | (CommandBase & {
      readonly database: false;
      run(args: readonly string[], options: Options): CommandResult | Promise<CommandResult>;
    });

export function words<const Count extends 1 | 2 | 3 | 4>(
  usage: string,
  args: readonly string[],
  count: Count,
): {
  1: [string];
  2: [string, string];
  3: [string, string, string];
  4: [string, string, string, string];
}[Count] {
  if (args.length !== count) throw new UsageError(`Usage: paypost ${usage}`);
  return args as never;
}

export function option(options: Options, name: string): string | null {
  const value = options[name];
  return typeof value === "string" ? value : null;
}

export function wholeNumber(text: string, name: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text))
    throw new UsageError(`${name} must be a whole number above zero, not ${text}`);
  return Number(text);
}

export function keyOf(text: string): Uint8Array {
  const key = new Uint8Array(Buffer.from(text, "base64"));
  if (key.length !== 32) throw new UsageError("A key is 32 bytes in base64");
  return key;
}

export function done(text: string, data: unknown): CommandResult {
  return { text, data };
}

/** Who does it, as the audit trail will say. */
export function nameOf(usage: string, options: Options): string {
  const by = option(options, "by");
  if (by === null || by.trim() === "")
    throw new UsageError(`--by is missing: your name. Usage: paypost ${usage}`);
  return by.trim();
}

/** For a failed write: `foreign_key_violation` means a name that is not registered. Any other error is thrown on. */
export function refuseUnregistered(error: unknown): never {
  if (error instanceof Error && "code" in error && error.code === "23503")
    throw new UsageError(
      "One of these is not registered; see merchants, matrix, group add, fsp add and institution add",
    );
  throw error;
}
