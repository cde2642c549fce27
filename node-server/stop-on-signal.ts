/** The orderly end of a server process. */

/** Runs `stop` once when the process is told to end, and ends it. */
export function stopOnSignal(stop: () => Promise<void>): void {
  // Ctrl-C reaches the whole group, and whoever started us may pass it on as well: once is enough.
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stopOnce());
  // The reader of our output may be gone; that must not keep the database from being stopped.
  process.stdout.on("error", () => {});

  async function stopOnce(): Promise<void> {
    if (stopping) return;
    stopping = true;
    console.log("Stopping");
    await stop();
    process.exit(0);
  }
}
