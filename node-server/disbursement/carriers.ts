/** How each receiving institution is paid, as its registration and our credentials there say. */
import { z } from "zod";
import { createBankCarrier } from "../payments/bank/sub-batches.ts";
import { oneByOne } from "../payments/carrier.ts";
import type { Carrier } from "../payments/carrier.ts";
import { ledgerGateway } from "../payments/ledger-gateway.ts";
import { createMobileMoney } from "../payments/mobile-money/gateway.ts";
import type { ReceivingInstitution } from "../ports/execution.ts";

const credentials = z.strictObject({
  /** What authenticates us in each request, such as `X-API-Key`. */
  headers: z.record(z.string(), z.string()).default({}),
  /** The account that we pay out of at a mobile-money provider. */
  ownAccount: z.array(z.strictObject({ key: z.string(), value: z.string() })).default([]),
});

/** By the id of the institution. */
export type Credentials = Readonly<Record<string, z.infer<typeof credentials>>>;

/** Throws with what is wrong, and never with a value. */
export function readCredentials(text: string): Credentials {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("is not JSON");
  }
  const read = z.record(z.string(), credentials).safeParse(value);
  if (read.success) return read.data;
  const places = read.error.issues.map(({ path, code }) => `${path.join(".")}: ${code}`);
  throw new Error(places.join(", "));
}

export interface CarrierOptions {
  readonly credentials: Credentials;
  /** Where institutions tell outcomes. */
  readonly publicUrl: string | undefined;
}

export function createCarriers(options: CarrierOptions): (institution: ReceivingInstitution) => Carrier {
  const base = options.publicUrl?.replace(/\/+$/, "");
  return ({ id, gateway, url, perSecond }) => {
    const { headers, ownAccount } = options.credentials[id] ?? { headers: {}, ownAccount: [] };
    switch (gateway) {
      case "ledger":
        return oneByOne(ledgerGateway, perSecond);
      case "mobile-money": {
        const callbackUrl = base && `${base}/mobile-money/callbacks`;
        const access = { url: url ?? "", headers, ownAccount, callbackUrl };
        return oneByOne(createMobileMoney(access), perSecond);
      }
      case "bank":
        return createBankCarrier({
          url: url ?? "",
          headers,
          callbackUrl: base && `${base}/api/v1/batch`,
        });
    }
  };
}
