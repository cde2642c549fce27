/** What `vouchers batch` remembers beside the file, so that it goes on where it was interrupted. No secrets are in it. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { replaceFile } from "../../durable-file.ts";
import { UsageError } from "../command.ts";

const memorySchema = z.object({
  server: z.string(),
  requestID: z.string(),
  batchID: z.string(),
  sha256: z.string(),
  /** The server has taken the file: it need not be sent again. */
  accepted: z.boolean(),
});

export type Memory = Readonly<z.infer<typeof memorySchema>>;

export async function readMemory(path: string): Promise<Memory | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return memorySchema.parse(JSON.parse(text));
  } catch {
    throw new UsageError(
      `${path} is damaged. Remove it: a file that was sent before is still made once only.`,
    );
  }
}

/** Durable when it returns. */
export function writeMemory(path: string, memory: Memory): Promise<void> {
  return replaceFile(path, (write) => write(`${JSON.stringify(memory, null, 2)}\n`));
}
