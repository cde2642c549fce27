/** Every state of a dispute against every event; `!` where it is refused. */
import type { DisputeEvent, DisputeState } from "./dispute.machine.ts";

type Row = Readonly<Record<DisputeEvent["type"], DisputeState | "!">>;

const none: Row = { PROPOSE: "!", WITHDRAW: "!", PAY: "!", REFUSE: "!", WRITE_OFF: "!", APPEAL: "!" };

export const disputeTable: Readonly<Record<DisputeState, Row>> = {
  open: { ...none, PROPOSE: "proposed" },
  proposed: { ...none, WITHDRAW: "open", PAY: "paid", REFUSE: "refused", WRITE_OFF: "writtenOff" },
  refused: { ...none, APPEAL: "appealed" },
  appealed: { ...none, PROPOSE: "appealProposed" },
  appealProposed: {
    ...none,
    WITHDRAW: "appealed",
    PAY: "paid",
    REFUSE: "refusedFinally",
    WRITE_OFF: "writtenOff",
  },
  paid: none,
  refusedFinally: none,
  writtenOff: none,
};
