/** Every state of a disbursement batch against every event; `!` where it is refused. */
import type { BatchEvent, BatchState } from "./batch.machine.ts";

type Row = Readonly<Record<BatchEvent["type"], BatchState | "!">>;

const none: Row = {
  APPROVE: "!",
  REJECT: "!",
  FUNDS_YES: "!",
  FUNDS_NO: "!",
  DUE: "!",
  PAUSE: "!",
  RESUME: "!",
  TOO_MANY_FAILED: "!",
  ALL_ENDED: "!",
  RETRY: "!",
  CANCEL: "!",
};

export const batchTable: Readonly<Record<BatchState, Row>> = {
  received: { ...none, APPROVE: "authorising", REJECT: "rejected", CANCEL: "cancelled" },
  authorising: { ...none, FUNDS_YES: "scheduled", FUNDS_NO: "unfunded", CANCEL: "cancelled" },
  scheduled: { ...none, DUE: "running", CANCEL: "cancelled" },
  running: {
    ...none,
    PAUSE: "paused",
    TOO_MANY_FAILED: "halted",
    ALL_ENDED: "settled",
    RETRY: "running",
  },
  paused: { ...none, RESUME: "running", RETRY: "running", CANCEL: "ending" },
  halted: { ...none, RESUME: "running", RETRY: "running", CANCEL: "ending" },
  ending: { ...none, ALL_ENDED: "settled" },
  settled: { ...none, RETRY: "reauthorising" },
  reauthorising: { ...none, FUNDS_YES: "running", FUNDS_NO: "settled", CANCEL: "settled" },
  rejected: none,
  unfunded: none,
  cancelled: none,
};
