/** Callers of the API that redeem vouchers over HTTP, as many at once as they are. */
import { Agent } from "undici";
import { merchants } from "./bed.ts";
import type { Bed } from "./bed.ts";
import type { PlantedVoucher } from "./plant.ts";

export const callers = 16;

export interface Redeemed {
  /** Milliseconds of each. */
  readonly took: readonly number[];
  readonly seconds: number;
}

export function merchantOf(index: number): string {
  return merchants[index % merchants.length] ?? "";
}

/** Each voucher once; the first `warmUp` are not counted. Throws where one is not redeemed. */
export async function redeemOverHttp(
  bed: Bed,
  vouchers: readonly PlantedVoucher[],
  warmUp: number,
): Promise<Redeemed> {
  const dispatcher = new Agent({ connections: callers, pipelining: 1 });
  const redeem = await createRedeem(bed, dispatcher);
  const work = async (some: readonly (readonly [number, PlantedVoucher])[]): Promise<number[]> => {
    const waiting = [...some];
    const took: number[] = [];
    await Promise.all(
      Array.from({ length: callers }, async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const begun = performance.now();
          const { status, text } = await redeem(next[1], next[0]);
          if (status !== 200) throw new Error(`redemption ${next[0]}: ${status} ${text}`);
          took.push(performance.now() - begun);
        }
      }),
    );
    return took;
  };
  const numbered = [...vouchers.entries()];
  await work(numbered.slice(0, warmUp));
  const begun = performance.now();
  const took = await work(numbered.slice(warmUp));
  const seconds = (performance.now() - begun) / 1000;
  await dispatcher.close();
  return { took, seconds };
}

export type Redeem = (
  voucher: PlantedVoucher,
  index: number,
) => Promise<{ readonly status: number; readonly text: string; readonly retryAfter: string | undefined }>;

export async function createRedeem({ installation, url }: Bed, dispatcher: Agent): Promise<Redeem> {
  const token = await installation.issuer.token("welfare");
  return async (voucher, index) => {
    const { statusCode, headers, body } = await dispatcher.request({
      origin: url,
      path: "/vouchers?command=redeem",
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "x-registering-institution-id": "welfare",
        "x-program-id": "relief",
      },
      body: JSON.stringify({
        requestID: `b-${voucher.serialNumber}`.slice(0, 12),
        voucherSerialNumber: voucher.serialNumber,
        agentID: merchantOf(index),
        voucherSecretNumber: voucher.number,
      }),
    });
    const retryAfter = headers["retry-after"];
    return {
      status: statusCode,
      text: await body.text(),
      retryAfter: typeof retryAfter === "string" ? retryAfter : undefined,
    };
  };
}
