/** What a command gives back: text for people, one JSON document for programs, and an exit code for scripts. */

/** Documented in `help`. */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  refused: 3,
  notKnownYet: 4,
  stopped: 5,
} as const;

export interface CommandResult {
  readonly exitCode: (typeof exitCodes)[keyof typeof exitCodes];
  readonly text: string;
  /** Amounts, serials and hashes are text. */
  readonly json: Readonly<Record<string, unknown>>;
}

export function failure(
  exitCode: CommandResult["exitCode"],
  code: string,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): CommandResult {
  return { exitCode, text: message, json: { ok: false, code, message, ...more } };
}
