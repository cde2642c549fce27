/** What `vouchers batch` remembers beside the file, so that it goes on where it was interrupted. No secrets are in it. */
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
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
  return writeWhole(path, (write) => write(`${JSON.stringify(memory, null, 2)}\n`));
}

/** A file that only its owner reads, which is there whole or not at all. */
export async function writeWhole(
  path: string,
  fill: (write: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const draft = `${path}.part`;
  const file = await open(draft, "w", 0o600);
  try {
    // A draft that was left behind keeps the mode that it had.
    await file.chmod(0o600);
    await fill((text) => file.writeFile(text));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  const folder = await open(dirname(path), "r");
  // Windows cannot sync a folder.
  await folder.sync().catch(() => undefined);
  await folder.close();
}
