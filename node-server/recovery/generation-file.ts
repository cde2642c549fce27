/**
 * What this installation knows of its database outside of it: the generation, and how far its audit trail had come (design
 * section 4.8). It lies with the keys, which are never restored together with the database.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatHead, parseHead } from "../audit/chain.ts";
import type { ChainHead } from "../audit/chain.ts";
import { replaceFile } from "../durable-file.ts";

export interface SeenDatabase {
  readonly generation: number;
  /** The id of the last audit entry that a server has seen. */
  readonly lastAudit: bigint;
  /** How far the chain of the trail had come, which is a moment behind. */
  readonly head: ChainHead;
  /** The last of each of the numbers by which others know what is in it (`recovery-admin.ts`, in its order). */
  readonly numbers: readonly bigint[];
}

/** Undefined where there is none yet. Throws when the file is damaged. */
export async function readSeen(keysFolder: string): Promise<SeenDatabase | undefined> {
  const path = pathIn(keysFolder);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const [, generation, lastAudit, sealed = "", numbers = ""] =
    /^generation ([0-9]{1,9}), audit ([0-9]{1,18}), head (\S+), numbers((?: [0-9]{1,18})*)\n$/.exec(text) ??
    [];
  const head = parseHead(sealed);
  if (generation === undefined || lastAudit === undefined || !head) throw new Error(`${path} is damaged`);
  return {
    generation: Number(generation),
    lastAudit: BigInt(lastAudit),
    head,
    numbers: numbers.split(" ").slice(1).map(BigInt),
  };
}

export async function writeSeen(
  keysFolder: string,
  { generation, lastAudit, head, numbers }: SeenDatabase,
): Promise<void> {
  const path = pathIn(keysFolder);
  const given = ["numbers", ...numbers].join(" ");
  await replaceFile(
    path,
    (write) => write(`generation ${generation}, audit ${lastAudit}, head ${formatHead(head)}, ${given}\n`),
    `${path}.${process.pid}.new`,
  );
}

function pathIn(keysFolder: string): string {
  return join(keysFolder, "database.seen");
}
