/** Writing so that a power cut a moment later changes nothing. */
import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file that was not there, and returns when it is on the disk; false, and nothing written, when one is there. The
 * name is taken first, since some file systems of USB sticks have no links: whoever comes second is refused.
 */
export function writeNewFile(path: string, bytes: Uint8Array): boolean {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
  try {
    replaceFile(path, bytes);
  } catch (error) {
    removeIfThere(path);
    throw error;
  }
  return true;
}

/** The new content is on the disk under another name before the old one goes, so that a power cut leaves either. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const part = `${path}.part`;
  try {
    writeFlushed(part, bytes);
    renameSync(part, path);
  } catch (error) {
    removeIfThere(part);
    throw error;
  }
  flushFolder(dirname(path));
}

function flushFolder(path: string): void {
  // Windows can neither open nor flush a folder; its file system journals the renaming itself.
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function writeFlushed(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w", 0o600);
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // What could not be removed is not there, or the disk is gone; the failure that brought us here is told.
  }
}
