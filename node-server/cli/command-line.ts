/** The operators' command line: from its words to what it prints and its exit code. */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import type { Config } from "../config.ts";
import type { OperatorsDatabase } from "../database.ts";
import { KeyFileError } from "../key-files.ts";
import { WrongKeyFolderError } from "../signing-keys/held.ts";
import { registerKeys } from "../signing-keys/registered.ts";
import { asServer } from "./as-server.ts";
import { UsageError } from "./command.ts";
import type { Command, CommandResult, Options } from "./command.ts";
import { commands, usage } from "./commands.ts";

const options = {
  json: { type: "boolean" },
  help: { type: "boolean" },
  "callback-base": { type: "string" },
  "box-key": { type: "string" },
  "server-key": { type: "string" },
  "validity-days": { type: "string" },
  "reservation-days": { type: "string" },
  reference: { type: "string" },
  origin: { type: "string" },
  accepts: { type: "string" },
  node: { type: "string" },
  group: { type: "string" },
  hours: { type: "string" },
  by: { type: "string" },
  because: { type: "string" },
  all: { type: "boolean" },
  update: { type: "boolean" },
  "no-more": { type: "boolean" },
  overdue: { type: "boolean" },
  "at-risk": { type: "boolean" },
  server: { type: "string" },
  agent: { type: "boolean" },
  answer: { type: "string" },
  phone: { type: "string" },
  program: { type: "string" },
  callback: { type: "string" },
  csv: { type: "boolean" },
  funding: { type: "string" },
  vouchers: { type: "string" },
  days: { type: "string" },
  sms: { type: "string" },
  email: { type: "string" },
  language: { type: "string" },
  profile: { type: "string" },
  institution: { type: "string" },
  fsp: { type: "string" },
  account: { type: "string" },
  area: { type: "string" },
  fixed: { type: "string" },
  percent: { type: "string" },
  endpoint: { type: "string" },
  zone: { type: "string" },
  digits: { type: "string" },
  "check-digit": { type: "string" },
  ask: { type: "boolean" },
  "answer-seconds": { type: "string" },
  codes: { type: "string" },
  bic: { type: "string" },
  inactive: { type: "boolean" },
  payer: { type: "string" },
  rail: { type: "string" },
  gateway: { type: "string" },
  url: { type: "string" },
  "per-second": { type: "string" },
  default: { type: "string" },
  bank: { type: "string" },
  key: { type: "string" },
  "country-code": { type: "string" },
  head: { type: "string" },
  from: { type: "string" },
  until: { type: "string" },
  actor: { type: "string" },
  action: { type: "string" },
  subject: { type: "string" },
  limit: { type: "string" },
  to: { type: "string" },
  wal: { type: "string" },
  check: { type: "boolean" },
  role: { type: "string" },
  scope: { type: "string" },
  remove: { type: "boolean" },
  now: { type: "boolean" },
  compromised: { type: "boolean" },
} as const;

export interface Said {
  /** 1: it was done, and what was looked at is not as it should be. 2: it was not done. */
  readonly code: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where commands work: opened when one needs it. */
export type Connect = () => Promise<{
  readonly config: Pick<Config, "keysFolder" | "keysSecret" | "leaseGraceHours">;
  readonly database: OperatorsDatabase;
}>;

/** Throws what is no mistake of whoever typed it. */
export async function runCommandLine(words: readonly string[], connect: Connect): Promise<Said> {
  const parsed = parse(words);
  if (typeof parsed === "string")
    return { code: 2, stdout: "", stderr: `${parsed}\nSee \`npm run paypost -- help\`.` };
  const args = parsed.positionals;
  const [noun = "help", verb = ""] = args;
  const ofTwoWords = commands.get(`${noun} ${verb}`);
  const command = ofTwoWords ?? commands.get(noun);
  if (!command || parsed.values.help === true) {
    return { code: command || noun === "help" ? 0 : 2, stdout: usage(), stderr: "" };
  }
  try {
    const result = await run(command, args.slice(ofTwoWords ? 2 : 1), parsed.values, connect);
    const stdout = parsed.values.json === true ? toJson(result.data) : result.text;
    return { code: result.isWrong === true ? 1 : 0, stdout, stderr: "" };
  } catch (error) {
    if (
      !(error instanceof UsageError || error instanceof WrongKeyFolderError || error instanceof KeyFileError)
    )
      throw error;
    return { code: 2, stdout: "", stderr: error.message };
  }
}

/** What is wrong with the words, where they cannot be read. */
function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], allowPositionals: true, options });
  } catch (error) {
    if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"))
      return error.message;
    throw error;
  }
}

async function run(
  command: Command,
  args: readonly string[],
  given: Options,
  connect: Connect,
): Promise<CommandResult> {
  if (!command.database) return command.run(args, given);
  const { config, database } = await connect();
  try {
    return await command.run(
      {
        ...database,
        randomBytes: (length) => new Uint8Array(randomBytes(length)),
        keysFolder: config.keysFolder,
        leaseGraceHours: config.leaseGraceHours,
        loadKeys: () => registerKeys(config.keysFolder, database.pool, config.keysSecret),
        asServer: (work) => asServer(database, config, work),
      },
      args,
      given,
    );
  } finally {
    await database.close();
  }
}

function toJson(data: unknown): string {
  const plain = (_key: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return JSON.stringify(data, plain, 2);
}
