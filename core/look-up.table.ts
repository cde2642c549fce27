/** Every state of a look-up against every event; `!` where it is refused. */
import type { LookUpEvent, LookUpState } from "./look-up.machine.ts";

export type LookUpRow = LookUpState | "found, revealed" | "stale, revealed";

type Row = Readonly<Record<LookUpEvent["type"], LookUpRow | "!">>;

const ended: Row = { FIND: "!", FIND_OLD: "!", FIND_NOTHING: "!", DENY: "!", REVEAL: "!" };

export const lookUpTable: Readonly<Record<LookUpRow, Row>> = {
  requested: { FIND: "found", FIND_OLD: "stale", FIND_NOTHING: "unknown", DENY: "denied", REVEAL: "!" },
  found: { ...ended, REVEAL: "found, revealed" },
  "found, revealed": ended,
  stale: { ...ended, REVEAL: "stale, revealed" },
  "stale, revealed": ended,
  unknown: ended,
  denied: ended,
};
