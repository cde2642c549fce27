/** `npm run verify -- FILE`: checks a receipt, an exported queue, an answer or a verdict list, with no server and no till. */
import { readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { fromBase64 } from "#sync/base64.ts";
import { openSelfSignedKeySet } from "#sync/documents/key-set.ts";
import type { KeySet } from "#sync/documents/key-set.ts";
import { receiptCode } from "#sync/documents/square-code.ts";
import { jsonObject } from "#sync/server-call.ts";
import { verifyFile } from "#sync/verify.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";
import { verificationView } from "./verify-view.ts";

const helpText = `Checks a file of Paypost on its own, without any server.

  npm run verify -- FILE [--keys KEYS] [--json]

FILE   A receipt, an exported queue, the answer to one, or a signed verdict list; or the text of a receipt's square code.
KEYS   The server's public keys, as its operator gives them out: what GET /v1/keys answers, saved as a file. Without them
       only what is in the file is compared with itself: that shows a change, not a forgery.

Exit codes
  0  genuine: signed by the server whose keys were given
  2  the command cannot be read
  3  not genuine, or no file of Paypost
  4  nothing in it was changed, and whose keys it was signed with was not compared`;

const mostBytes = 1024 * 1024;

const result = await run(process.argv.slice(2));
const asJson = process.argv.includes("--json");
const stream = asJson || result.exitCode === exitCodes.done ? process.stdout : process.stderr;
stream.write(`${asJson ? JSON.stringify(result.json) : result.text}\n`);
process.exitCode = result.exitCode;

async function run(args: string[]): Promise<CommandResult> {
  const parsed = parse(args);
  const [path, ...more] = parsed?.positionals ?? [];
  if (parsed?.values.help)
    return { exitCode: exitCodes.done, text: helpText, json: { ok: true, help: helpText } };
  if (!parsed || path === undefined || more.length > 0) return failure(exitCodes.usage, "usage", helpText);
  const content = read(path);
  if (!content) return notReadable(path);
  const file = receiptCode.toBytes(new TextDecoder().decode(content).replace(/\r?\n$/, "")) ?? content;
  const { keys: keysPath } = parsed.values;
  if (keysPath === undefined) return verificationView(path, await verifyFile(file));
  const keysFile = read(keysPath);
  if (!keysFile) return notReadable(keysPath);
  const keys = await keysIn(keysFile);
  if (!keys) {
    const message = `${keysPath} does not hold a server's keys. Save what GET /v1/keys answers, and give that file.`;
    return failure(exitCodes.usage, "keys-not-readable", message);
  }
  return verificationView(path, await verifyFile(file, keys));
}

function parse(args: string[]) {
  const options = { keys: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean" } } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch {
    return undefined;
  }
}

/** The JSON that `GET /v1/keys` answers, or the signed key set itself. */
async function keysIn(bytes: Uint8Array): Promise<KeySet | undefined> {
  const text = jsonObject(bytes)?.["keySet"];
  const document = typeof text === "string" ? fromBase64(text) : bytes;
  const opened = document && (await openSelfSignedKeySet(document));
  return opened?.ok ? opened.value : undefined;
}

function read(path: string): Uint8Array | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() && found.size <= mostBytes ? Uint8Array.from(readFileSync(path)) : undefined;
}

function notReadable(path: string): CommandResult {
  const message = `There is no file ${path}, or it is larger than anything that a till or a server writes.`;
  return failure(exitCodes.usage, "file-not-readable", message);
}
