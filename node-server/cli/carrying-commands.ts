/** Commands about what is carried by hand between nodes and this server. */
import { readFile, stat } from "node:fs/promises";
import { writeNewFile } from "../durable-file.ts";
import { receiveCarried } from "../operations/carried.ts";
import { carriedMessages } from "../operations/carried-messages.ts";
import { done, option, UsageError, words } from "./command.ts";
import type { Command } from "./command.ts";

/** As far as the umask allows: whoever carries the answer is often another user. */
const everybody = 0o666;

export const carryingCommands: readonly (readonly [string, Command])[] = [
  [
    "hand-in",
    {
      database: true,
      usage: "hand-in FILE [--answer FILE]",
      summary:
        "take in what a node wrote with `export`; the verdicts go to FILE.answer, for its `import`. A file may be handed in again",
      async run({ asServer }, args, options) {
        const [path] = words(this.usage, args, 1);
        const answerPath = option(options, "answer") ?? `${path}.answer`;
        const file = await readCarried(path);
        const handed = await asServer((server) => receiveCarried(server, file, "operator"));
        if (!handed.ok) throw new UsageError(`${path}: ${carriedMessages(handed.refusal)}`);
        await writeNewFile(answerPath, handed.answer, everybody).catch((error: NodeJS.ErrnoException) => {
          throw error.code === "EEXIST" ? new UsageError(alreadyThere(path, answerPath)) : error;
        });
        const { node, firstSequence, lastSequence, decided } = handed;
        const of = (state: string) => decided.filter(({ row }) => row.state === state).length;
        const data = {
          nodeId: node.id,
          node: node.name,
          merchantId: node.merchantId,
          firstSequence,
          lastSequence,
          known: decided.filter(({ duplicate }) => duplicate).length,
          applied: of("applied"),
          rejected: of("rejected"),
          held: of("held"),
          answer: answerPath,
        };
        const text =
          `Operations ${firstSequence} to ${lastSequence} of ${node.name} (merchant ${node.merchantId}) are stored: ` +
          `${data.applied} applied, ${data.rejected} rejected, ${data.held} held; ${data.known} were known before.\n` +
          `Carry ${answerPath} back to that till, and run there: import ${answerPath}`;
        return done(text, data);
      },
    },
  ],
];

const mostBytes = 1024 * 1024;

async function readCarried(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new UsageError(`There is no file ${path}`);
  if (found.size > mostBytes) throw new UsageError(`${path}: ${carriedMessages({ code: "malformed" })}`);
  return new Uint8Array(await readFile(path));
}

function alreadyThere(path: string, answerPath: string): string {
  return (
    `${path} was taken in, but ${answerPath} is there already and was not overwritten. ` +
    "Run the same command again with --answer and another name: it changes nothing here."
  );
}
