/** The orderly end of whatever serves HTTP: what was asked is answered, and only then is the database left. */
import { setTimeout as delay } from "node:timers/promises";
import type { ComposedServer } from "./compose.ts";

/** A request that takes longer than this to be answered keeps the server from its end no more. */
const longestAnswerMs = 5_000;

/** `stopListening` takes no further connections, and resolves when the last request is answered. */
export async function drain(
  server: Pick<ComposedServer, "endPolls" | "close">,
  stopListening: () => Promise<void>,
): Promise<void> {
  const answered = stopListening();
  await server.endPolls();
  await Promise.race([answered, delay(longestAnswerMs)]);
  await server.close();
}
