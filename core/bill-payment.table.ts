/** Every state of a bill's payment against every event; `!` and why where it is refused. */
import type { BillPaymentRefusalCode } from "./decide-bill.ts";
import type { BillPaymentEvent, BillPaymentState } from "./bill-payment.machine.ts";

type Cell = BillPaymentState | `!${BillPaymentRefusalCode}`;
type Row = Readonly<Record<BillPaymentEvent["type"], Cell>>;

export const billPaymentTable: Readonly<Record<BillPaymentState, Row>> = {
  received: {
    ACCEPT: "advised",
    REFUSE: "refused",
    BILLER_ACKNOWLEDGES: "!not-advised",
    BILLER_REJECTS: "!not-advised",
  },
  advised: {
    ACCEPT: "!judged-before",
    REFUSE: "!judged-before",
    BILLER_ACKNOWLEDGES: "acknowledged",
    BILLER_REJECTS: "rejected",
  },
  acknowledged: {
    ACCEPT: "!judged-before",
    REFUSE: "!judged-before",
    BILLER_ACKNOWLEDGES: "!answered-before",
    BILLER_REJECTS: "!contradicted",
  },
  rejected: {
    ACCEPT: "!judged-before",
    REFUSE: "!judged-before",
    BILLER_ACKNOWLEDGES: "!contradicted",
    BILLER_REJECTS: "!answered-before",
  },
  refused: {
    ACCEPT: "!judged-before",
    REFUSE: "!judged-before",
    BILLER_ACKNOWLEDGES: "!not-advised",
    BILLER_REJECTS: "!not-advised",
  },
};
