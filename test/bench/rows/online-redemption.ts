/**
 * Online redemption over HTTP with 16 callers, beside the same SQL straight through the driver: the server
 * records what one redemption after the other asks of a copy of the database, and another copy is given that
 * over 16 connections.
 */
import { ledgerGateway } from "../../../node-server/payments/ledger-gateway.ts";
import { redeemOnline } from "../../../node-server/vouchers/redeem-online.ts";
import { withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { plantVouchers } from "../plant.ts";
import type { PlantedVoucher } from "../plant.ts";
import { callers, merchantOf, redeemOverHttp } from "../redeeming.ts";
import { copyDatabase, recordAll, replay } from "../replay.ts";
import type { Transcript } from "../replay.ts";
import { percentile } from "../row.ts";
import type { BenchRow } from "../row.ts";

const warmUp = 100;

export const onlineRedemption: BenchRow = {
  name: "online-redemption",
  comparedWith: `the same SQL straight through the driver, ${callers} connections`,
  run: ({ redemptions }) =>
    withBed(async (bed) => {
      const keys = bed.keys;
      const count = warmUp + redemptions;
      const vouchers = await bed.withDatabase((client) => plantVouchers(client, keys, count));
      const [recorded, replayed, prepared] = await copyDatabase(bed.databaseUrl, [
        "recorded",
        "replayed",
        "prepared",
      ]);
      const ours = await bed.withServer(() => redeemOverHttp(bed, vouchers, warmUp));
      const transcripts = await record(bed, recorded, vouchers);
      await replay(replayed, transcripts.slice(0, warmUp), callers);
      const begun = performance.now();
      const raw = await replay(replayed, transcripts.slice(warmUp), callers);
      const rawSeconds = (performance.now() - begun) / 1000;
      await replay(prepared, transcripts.slice(0, warmUp), callers, "prepared");
      const preparedBegun = performance.now();
      await replay(prepared, transcripts.slice(warmUp), callers, "prepared");
      const preparedSeconds = (performance.now() - preparedBegun) / 1000;
      return [
        {
          what: "redemptions a second",
          ours: ours.took.length / ours.seconds,
          raw: raw.length / rawSeconds,
          unit: "/s",
          goal: { atLeast: 0.6 },
        },
        {
          what: "… beside the same SQL with its statements prepared",
          ours: ours.took.length / ours.seconds,
          raw: raw.length / preparedSeconds,
          unit: "/s",
          goal: null,
        },
        {
          what: "answered within, 99 %",
          ours: percentile(ours.took, 0.99),
          raw: percentile(raw, 0.99),
          unit: "ms",
          goal: { atMost: 3 },
        },
      ];
    }),
};

/** One redemption after the other, by the server's own code. */
async function record(bed: Bed, url: string, vouchers: readonly PlantedVoucher[]): Promise<Transcript[]> {
  const { indexKey } = bed.keys;
  return recordAll(url, ({ store }) =>
    vouchers.map((voucher, n) => async () => {
      const key = { institutionId: "welfare", call: "POST /vouchers?command=redeem", requestId: `b-${n}` };
      const outcome = await redeemOnline(
        { store, gateway: ledgerGateway, indexKey },
        { key, bodyHash: new Uint8Array(32) },
        {
          serialNumber: voucher.serialNumber,
          voucherNumber: voucher.number,
          agentId: merchantOf(n),
          override: false,
        },
      );
      if (outcome.outcome !== "paid") throw new Error(`redemption ${n}: ${JSON.stringify(outcome)}`);
    }),
  );
}
