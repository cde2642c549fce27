/** `rotate-key`: another key for this till. */
import type { RotateKeyResult } from "../worker/rotate-key.ts";
import { uploadProblemMessage } from "./messages.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";
import { withNode } from "./session.ts";
import type { CommandOptions } from "./session.ts";

export function rotateKeyCommand(options: CommandOptions): Promise<CommandResult> {
  return withNode(options, async (node) => rotateKeyView(await node.rotateKey()));
}

function rotateKeyView(result: RotateKeyResult): CommandResult {
  if (result.ok) {
    const { keyFrom } = result;
    const text = `This till signs with its new key, from its operation ${keyFrom} on. The old key is worth nothing any more.`;
    return { exitCode: exitCodes.done, text, json: { ok: true, keyFrom } };
  }
  if (!("failure" in result)) {
    const message = "This till is stopped and keeps its key: see `status`.";
    return failure(exitCodes.stopped, result.refusal.code, message);
  }
  const { failure: problem, isKept } = result;
  const code = problem.code === "refused" ? problem.reason : problem.code;
  const what = isKept
    ? "This till signs with its new key; the server hears of it with the next `sync`."
    : "This till keeps its key.";
  const exitCode = problem.code === "refused" ? exitCodes.refused : exitCodes.notKnownYet;
  return failure(exitCode, code, `${what} ${uploadProblemMessage(problem)}`);
}
