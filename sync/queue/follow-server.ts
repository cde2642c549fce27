/** Takes in what the server says of its chain of this node: its generation, or a reason to sign nothing more. */
import type { ContactStorage } from "../ports/contact-storage.ts";
import type { QueueStorage } from "../ports/queue-storage.ts";
import { judgeServerHead } from "./server-head.ts";
import type { ServerHead } from "./server-head.ts";

export type ServerProblem =
  | { readonly code: "older-server" }
  | { readonly code: "stopped"; readonly because: string };

export function followServer(
  { queue, contact }: { readonly queue: QueueStorage; readonly contact: ContactStorage },
  server: ServerHead,
): ServerProblem | undefined {
  const ours = { head: queue.head(), generation: contact.generation() };
  const judged = judgeServerHead(ours, server, (sequence) => queue.hashAt(sequence));
  if (judged.verdict === "older-server") return { code: "older-server" };
  if (judged.verdict === "stop") {
    contact.stop(judged.code);
    return { code: "stopped", because: judged.code };
  }
  contact.setGeneration(server.generation);
  return undefined;
}
