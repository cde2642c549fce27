/** The operators' command line. It works on the database directly: whoever has the database is an operator. */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { configOrExit } from "../config-or-exit.ts";
import { connectToDatabase, exitWithoutDatabase } from "../database.ts";
import { WrongKeyFolderError } from "../postgres/server-keys.ts";
import { registerKeys } from "../registered-keys.ts";
import { asServer } from "./as-server.ts";
import { UsageError } from "./command.ts";
import type { Command, CommandResult, Options } from "./command.ts";
import { commands, usage } from "./commands.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean" },
    help: { type: "boolean" },
    "callback-base": { type: "string" },
    "box-key": { type: "string" },
    "server-key": { type: "string" },
    "validity-days": { type: "string" },
    "reservation-days": { type: "string" },
    reference: { type: "string" },
    accepts: { type: "string" },
    node: { type: "string" },
    group: { type: "string" },
    hours: { type: "string" },
    by: { type: "string" },
    because: { type: "string" },
    all: { type: "boolean" },
    update: { type: "boolean" },
    "no-more": { type: "boolean" },
    "at-risk": { type: "boolean" },
    server: { type: "string" },
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
  },
});

process.exitCode = await main(positionals, values);

async function main(args: readonly string[], options: Options): Promise<number> {
  const [noun = "help", verb = ""] = args;
  const ofTwoWords = commands.get(`${noun} ${verb}`);
  const command = ofTwoWords ?? commands.get(noun);
  if (!command || options["help"] === true) {
    console.log(usage());
    return command || noun === "help" ? 0 : 2;
  }
  try {
    const result = await run(command, args.slice(ofTwoWords ? 2 : 1), options);
    console.log(options["json"] === true ? toJson(result.data) : result.text);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof WrongKeyFolderError)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function run(command: Command, args: readonly string[], options: Options): Promise<CommandResult> {
  if (!command.database) return command.run(args, options);
  const { config } = configOrExit(process.env);
  const database = await connectToDatabase(config).catch(exitWithoutDatabase);
  try {
    return await command.run(
      {
        ...database,
        randomBytes: (length) => new Uint8Array(randomBytes(length)),
        keysFolder: config.keysFolder,
        leaseGraceHours: config.leaseGraceHours,
        loadKeys: async () => (await registerKeys(config.keysFolder, database.pool)).keys,
        asServer: (work) => asServer(database, config.keysFolder, work),
      },
      args,
      options,
    );
  } finally {
    await database.close();
  }
}

function toJson(data: unknown): string {
  const plain = (_key: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return JSON.stringify(data, plain, 2);
}
