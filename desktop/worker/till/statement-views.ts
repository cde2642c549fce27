/** What the server told of disputes and payouts, as the page gets it. */
import { formatMajor } from "#core/money.ts";
import { formatSerial } from "#core/voucher-number.ts";
import type { ToldDispute, ToldPayout } from "#sync/documents/statement.ts";
import type { Dispute, Payout } from "../../protocol.ts";

export function disputeView(told: ToldDispute): Dispute {
  const { sequence, serial, currency, amountMinor, guaranteedMinor, reason, state, because, appeal } = told;
  return {
    sequence,
    serial: formatSerial(serial),
    amount: formatMajor({ amountMinor, currency }),
    currency,
    guaranteed: formatMajor({ amountMinor: guaranteedMinor, currency }),
    reason,
    state,
    openedMs: told.openedAtMs,
    decidedMs: told.decidedAtMs,
    because,
    appeal,
    mayAppeal: state === "refused",
  };
}

export function payoutView(told: ToldPayout): Payout {
  const { reference, sequence, serial, currency, amountMinor, feeMinor, account, provider } = told;
  return {
    reference,
    sequence,
    serial: formatSerial(serial),
    amount: formatMajor({ amountMinor, currency }),
    currency,
    fee: formatMajor({ amountMinor: feeMinor, currency }),
    paidMs: told.paidAtMs,
    account,
    provider,
  };
}
