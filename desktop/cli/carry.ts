/** The commands for carrying operations and verdicts by hand. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { webRandomBytes } from "#sync/signing/random.ts";
import { exportFrom, importInto, receiptOf } from "../worker/carry.ts";
import { writeNewFile } from "../worker/flush.ts";
import { timeOf } from "../worker/standing.ts";
import type { NodeStores } from "../worker/open.ts";
import { exportMessages, exportView, handInView, importView } from "./carry-views.ts";
import { clock, usage, withEnrolled, withKey, withNode } from "./session.ts";
import type { CommandOptions } from "./session.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";

export function exportCommand(options: CommandOptions): Promise<CommandResult> {
  const { file, after } = options;
  if (file === undefined) return asked("export needs the name of a new file: export FILE.");
  const from = after === undefined ? undefined : wholeNumber(after);
  if (after !== undefined && from === undefined) return asked("--after must be the number of an operation.");
  return withKey(options, async (key, stores) => {
    const nowMs = timeOf(stores, clock).nowMs;
    const exported = exportFrom({ stores, key, randomBytes: webRandomBytes, nowMs }, from);
    if (!exported.ok) return exportMessages(exported.refusal.code);
    if (!writeNewFile(resolve(file), exported.file)) return alreadyThere(file);
    return exportView(file, exported, valueOf(stores, exported.operations));
  });
}

export function importCommand(options: CommandOptions): Promise<CommandResult> {
  const { file } = options;
  if (file === undefined) return asked("import needs the file that came back: import FILE.");
  return withEnrolled(options, async (stores, { certificate }) => {
    const bytes = readCarried(file);
    if (!bytes) return notReadable(file);
    return importView(file, await importInto(stores, certificate.nodeId, bytes), stores);
  });
}

export function handInCommand(options: CommandOptions): Promise<CommandResult> {
  const { file } = options;
  if (file === undefined) return asked("hand-in needs the file that another till exported: hand-in FILE.");
  const answerFile = options.answer ?? `${file}.answer`;
  const bytes = readCarried(file);
  if (!bytes) return Promise.resolve(notReadable(file));
  if (statSync(resolve(answerFile), { throwIfNoEntry: false }))
    return Promise.resolve(alreadyThere(answerFile));
  return withNode(options, async (node) => {
    const handed = await node.handIn(bytes);
    if (!handed.ok) return handInView(file, answerFile, handed);
    if (!writeNewFile(resolve(answerFile), handed.answer)) return alreadyThere(answerFile);
    return handInView(file, answerFile, handed);
  });
}

/** The merchant's proof of what became of one operation; `npm run verify` checks it anywhere. */
export function receiptCommand(options: CommandOptions): Promise<CommandResult> {
  const { file, operation } = options;
  const sequence = operation === undefined ? undefined : wholeNumber(operation);
  if (file === undefined || sequence === undefined) {
    return asked(
      "receipt needs the name of a new file and the number of an operation: receipt FILE --operation N.",
    );
  }
  return withEnrolled(options, async (stores) => {
    if (!stores.queue.find(sequence)) return noSuchOperation(sequence);
    const receipt = receiptOf(stores, sequence);
    if (!receipt) {
      const message = `Operation ${sequence} has no verdict yet. Run \`sync\` and try again.`;
      return failure(exitCodes.notKnownYet, "no-verdict", message);
    }
    if (!writeNewFile(resolve(file), receipt)) return alreadyThere(file);
    const text = `Wrote ${file}. Anyone can check it without a server: npm run verify -- ${file}`;
    return { exitCode: exitCodes.done, text, json: { ok: true, outcome: "written", file, sequence } };
  });
}

const mostBytes = 1024 * 1024;

function readCarried(file: string): Uint8Array | undefined {
  const found = statSync(resolve(file), { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > mostBytes) return undefined;
  return Uint8Array.from(readFileSync(resolve(file)));
}

/** What the redemptions among these operations are worth, by currency. */
function valueOf(
  stores: NodeStores,
  operations: readonly { readonly sequence: number }[],
): ReadonlyMap<string, { readonly count: number; readonly amountMinor: bigint }> {
  const sums = new Map<string, { count: number; amountMinor: bigint }>();
  const [first, last] = [operations.at(0)?.sequence ?? 0, operations.at(-1)?.sequence ?? 0];
  for (const { sequence, currency, amountMinor } of stores.redemptions.list(first - 1, operations.length)) {
    if (sequence > last) continue;
    const sum = sums.get(currency) ?? { count: 0, amountMinor: 0n };
    sums.set(currency, { count: sum.count + 1, amountMinor: sum.amountMinor + amountMinor });
  }
  return sums;
}

function noSuchOperation(sequence: number): CommandResult {
  const message = `This till has no operation ${sequence}; \`queue\` lists them.`;
  return failure(exitCodes.refused, "no-such-operation", message);
}

function alreadyThere(file: string): CommandResult {
  const message = `${file} is there already and was not overwritten. Give another name.`;
  return failure(exitCodes.refused, "file-exists", message);
}

function notReadable(file: string): CommandResult {
  const message = `There is no file ${file}, or it is larger than anything that a till or a server writes.`;
  return failure(exitCodes.refused, "file-not-readable", message);
}

function wholeNumber(text: string): number | undefined {
  return /^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : undefined;
}

function asked(message: string): Promise<CommandResult> {
  return Promise.resolve(usage(message));
}
