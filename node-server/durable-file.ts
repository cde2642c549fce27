/** Files that are on the disk when the call returns, and that are there whole or not at all. */
import { open, rename } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

const ownerOnly = 0o600;

/** Throws EEXIST, and writes nothing, where there is a file of that name. */
export async function writeNewFile(
  path: string,
  content: string | Uint8Array,
  mode = ownerOnly,
): Promise<void> {
  await fillFile(path, "wx", (file) => file.writeFile(content), mode);
}

/**
 * Puts a file that only its owner may read in the place of another, or of none. `fill` may write in pieces. The draft lies beside it; where several processes
 * replace the same file, each needs another name for its own.
 */
export async function replaceFile(
  path: string,
  fill: (write: (text: string) => Promise<void>) => Promise<void>,
  draft = `${path}.part`,
): Promise<void> {
  await fillFile(draft, "w", async (file) => {
    // A draft that was left behind keeps the mode that it had.
    await file.chmod(ownerOnly);
    await fill((text) => file.writeFile(text));
  });
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** What was created or renamed in the folder is on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows does not open folders.
  if (process.platform === "win32") return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Opens the file, has it written, and brings it to the disk. What is there already keeps the mode that it has. */
export async function fillFile(
  path: string,
  flags: "w" | "wx",
  fill: (file: FileHandle) => Promise<void>,
  mode = ownerOnly,
): Promise<void> {
  const file = await open(path, flags, mode);
  try {
    await fill(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
