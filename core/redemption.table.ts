/** Every state of a redemption's claim against every payout outcome, online and offline; `!` where it has ended. */
import type { RedemptionEvent, RedemptionState } from "./redemption.machine.ts";

type Row = Readonly<Record<RedemptionEvent["type"], RedemptionState | "!">>;

export const redemptionTable: Readonly<Record<"online" | "offline", Readonly<Record<RedemptionState, Row>>>> =
  {
    online: {
      claimed: { PAYOUT_PAID: "paid", PAYOUT_FAILED: "released", PAYOUT_UNKNOWN: "unknown" },
      unknown: { PAYOUT_PAID: "paid", PAYOUT_FAILED: "released", PAYOUT_UNKNOWN: "unknown" },
      owed: { PAYOUT_PAID: "paid", PAYOUT_FAILED: "owed", PAYOUT_UNKNOWN: "owed" },
      paid: { PAYOUT_PAID: "!", PAYOUT_FAILED: "!", PAYOUT_UNKNOWN: "!" },
      released: { PAYOUT_PAID: "!", PAYOUT_FAILED: "!", PAYOUT_UNKNOWN: "!" },
    },
    offline: {
      claimed: { PAYOUT_PAID: "paid", PAYOUT_FAILED: "owed", PAYOUT_UNKNOWN: "unknown" },
      unknown: { PAYOUT_PAID: "paid", PAYOUT_FAILED: "owed", PAYOUT_UNKNOWN: "unknown" },
      owed: { PAYOUT_PAID: "paid", PAYOUT_FAILED: "owed", PAYOUT_UNKNOWN: "owed" },
      paid: { PAYOUT_PAID: "!", PAYOUT_FAILED: "!", PAYOUT_UNKNOWN: "!" },
      released: { PAYOUT_PAID: "!", PAYOUT_FAILED: "!", PAYOUT_UNKNOWN: "!" },
    },
  };
