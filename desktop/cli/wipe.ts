/** The commands that end a till, and give up what it never sent. */
import { resolve } from "node:path";
import type { Unsynced } from "../worker/unsynced.ts";
import { wipe } from "../worker/wipe.ts";
import { writeOff } from "../worker/write-off.ts";
import { clock, usage, withKey } from "./session.ts";
import type { CommandOptions } from "./session.ts";
import { exitCodes, failure } from "./result.ts";
import type { CommandResult } from "./result.ts";

export function wipeCommand(options: CommandOptions): Promise<CommandResult> {
  const directory = resolve(options.data);
  return withKey(options, async (_key, stores) => {
    const outcome = wipe(directory, stores, clock.wallMs());
    if (!outcome.ok) {
      const { unsynced } = outcome.refusal;
      const message =
        `${rest(unsynced)} Nothing was removed. Run \`sync\`; or \`export\`, and \`import\` the answer that comes back; or let two ` +
        `people give it up: \`write-off --amount "${unsynced.amount}" --because TEXT --by NAME\`.`;
      return failure(exitCodes.refused, "unsynced", message, { unsynced });
    }
    const text = `This till is no more: its key and its queue were removed. ${outcome.record} says so. Tell the operator to revoke it.`;
    return { exitCode: exitCodes.done, text, json: { ok: true, record: outcome.record } };
  });
}

export function writeOffCommand(options: CommandOptions): Promise<CommandResult> {
  const { amount, because, by } = options;
  if (!amount || !because?.trim() || !by?.trim()) {
    return Promise.resolve(usage("write-off needs --amount as `wipe` shows it, --because and --by."));
  }
  const wish = { amount, because: because.trim(), by: by.trim() };
  return withKey(options, async (_key, stores) => {
    const outcome = writeOff(stores.database, wish, clock.wallMs());
    if (outcome.ok) {
      const { step, unsynced } = outcome;
      const text =
        step === "decided"
          ? `Given up by two people: ${unsynced.operations} operations, ${unsynced.amount}. \`wipe\` is free now.`
          : "Proposed. It is given up once somebody else says the same.";
      return { exitCode: exitCodes.done, text, json: { ok: true, step, unsynced } };
    }
    if (outcome.code === "nothing-unsynced")
      return failure(
        exitCodes.refused,
        outcome.code,
        "The server has everything; there is nothing to give up.",
      );
    const { code, unsynced } = outcome;
    const why = code === "same-person" ? "Whoever proposed it may not decide it." : rest(unsynced);
    return failure(exitCodes.refused, code, why, { unsynced });
  });
}

function rest({ operations, amount }: Unsynced): string {
  const things = operations === 1 ? "1 operation, worth" : `${operations} operations, worth`;
  return `The server does not have ${things} ${amount}.`;
}
