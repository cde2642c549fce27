/** The node on the command line: what the desktop application does with a screen, for a headless box and for scripts. */
import { parseArgs } from "node:util";
import {
  enrolCommand,
  queueCommand,
  receiptsCommand,
  redeemCommand,
  statusCommand,
  syncCommand,
  watchCommand,
} from "./commands.ts";
import { billsCommand, payBillCommand } from "./bills.ts";
import { exportCommand, handInCommand, importCommand, receiptCommand } from "./carry.ts";
import { leasesCommand, releaseCommand, reserveCommand } from "./leases.ts";
import { lookUpCommand, payeeCommand, payeesCommand } from "./payees.ts";
import { settingsCommand } from "./settings.ts";
import { usage } from "./session.ts";
import { rotateKeyCommand } from "./rotate-key.ts";
import { wipeCommand, writeOffCommand } from "./wipe.ts";
import type { CommandOptions } from "./session.ts";
import { isDamage, isStorageFailure, MigrationError } from "../worker/database.ts";
import { helpText } from "./help.ts";
import { damageMessage, diskMessage } from "./messages.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";

const options = {
  data: { type: "string" },
  server: { type: "string" },
  code: { type: "string" },
  "passphrase-file": { type: "string" },
  "head-file": { type: "string" },
  serial: { type: "string" },
  number: { type: "string" },
  token: { type: "string" },
  actor: { type: "string" },
  offline: { type: "boolean" },
  cash: { type: "boolean" },
  after: { type: "string" },
  answer: { type: "string" },
  operation: { type: "string" },
  allowance: { type: "string" },
  "on-request": { type: "string" },
  anyway: { type: "boolean" },
  group: { type: "string" },
  quantity: { type: "string" },
  amount: { type: "string" },
  because: { type: "string" },
  by: { type: "string" },
  bill: { type: "string" },
  find: { type: "string" },
  identity: { type: "string" },
  programme: { type: "string" },
  reason: { type: "string" },
  modality: { type: "string" },
  "institution-code": { type: "string" },
  address: { type: "string" },
  area: { type: "string" },
  status: { type: "string" },
  watch: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const worksOnFile = ["export", "import", "hand-in", "receipt"];

// The reader of our output may go away; that is no reason to leave the database in the middle of something.
process.stdout.on("error", () => {});
const asJson = process.argv.includes("--json");
const result = await run(process.argv.slice(2)).catch(unexpected);
await show(result);
// Timers of the shape client may still be waiting for nothing.
process.exit(result.exitCode);

async function run(args: string[]): Promise<CommandResult> {
  const parsed = parse(args);
  if (!parsed) return usage("This command cannot be read.");
  const { values, positionals } = parsed;
  const [command = "help", ...rest] = positionals;
  const [file, ...more] = rest;
  const surplus = worksOnFile.includes(command) ? more : rest;
  if (surplus.length > 0) return usage(`There is one command at a time, not also ${surplus.join(" ")}.`);
  if (command === "help" || values.help)
    return { exitCode: exitCodes.done, text: helpText, json: { ok: true, help: helpText } };
  if (values.data === undefined) return usage("--data must name the folder of this till.");
  const given: CommandOptions = {
    data: values.data,
    server: values.server,
    code: values.code,
    passphraseFile: values["passphrase-file"],
    headFile: values["head-file"],
    serial: values.serial,
    number: values.number,
    token: values.token,
    actor: values.actor,
    offline: values.offline ?? false,
    cash: values.cash ?? false,
    file,
    after: values.after,
    answer: values.answer,
    operation: values.operation,
    allowance: values.allowance,
    onRequest: values["on-request"],
    anyway: values.anyway ?? false,
    group: values.group,
    quantity: values.quantity,
    amount: values.amount,
    because: values.because,
    by: values.by,
    bill: values.bill,
    find: values.find,
    identity: values.identity,
    programme: values.programme,
    reason: values.reason,
    modality: values.modality,
    institutionCode: values["institution-code"],
    address: values.address,
    area: values.area,
    status: values.status,
  };
  switch (command) {
    case "enrol":
      return enrolCommand(given);
    case "sync":
      return values.watch
        ? watchCommand(given, interrupted(), (shown) => void show(shown))
        : syncCommand(given);
    case "redeem":
      return redeemCommand(given);
    case "status":
      return statusCommand(given);
    case "queue":
      return queueCommand(given);
    case "receipts":
      return receiptsCommand(given);
    case "leases":
      return leasesCommand(given);
    case "reserve":
      return reserveCommand(given);
    case "release":
      return releaseCommand(given);
    case "bills":
      return billsCommand(given);
    case "pay-bill":
      return payBillCommand(given);
    case "look-up":
      return lookUpCommand(given);
    case "register-payee":
      return payeeCommand(given, "register-beneficiary");
    case "update-payee":
      return payeeCommand(given, "update-beneficiary");
    case "payees":
      return payeesCommand(given);
    case "settings":
      return settingsCommand(given);
    case "receipt":
      return receiptCommand(given);
    case "export":
      return exportCommand(given);
    case "import":
      return importCommand(given);
    case "hand-in":
      return handInCommand(given);
    case "rotate-key":
      return rotateKeyCommand(given);
    case "wipe":
      return wipeCommand(given);
    case "write-off":
      return writeOffCommand(given);
    default:
      return usage(`There is no command ${command}.`);
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch {
    return undefined;
  }
}

function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  process.once("SIGTERM", () => controller.abort());
  return controller.signal;
}

/** Resolves when the text has left this process. */
function show(shown: CommandResult): Promise<void> {
  const stream = asJson || shown.exitCode === exitCodes.done ? process.stdout : process.stderr;
  const line = asJson ? JSON.stringify(shown.json) : shown.text;
  return new Promise((resolve) => stream.write(`${line}\n`, () => resolve()));
}

function unexpected(error: unknown): CommandResult {
  if (isStorageFailure(error)) return failure(exitCodes.stopped, "disk-not-writable", diskMessage);
  if (isDamage(error)) return failure(exitCodes.stopped, "database-damaged", damageMessage);
  if (error instanceof MigrationError) return failure(exitCodes.stopped, error.code, error.message);
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  const message =
    "Something went wrong that should not have. Nothing was accepted. Keep this folder and call the operator.";
  return failure(exitCodes.unexpected, "unexpected", message);
}
