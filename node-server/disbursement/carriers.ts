/** How each receiving institution is paid, as its registration says. */
import { oneByOne } from "../payments/carrier.ts";
import type { Carrier } from "../payments/carrier.ts";
import { ledgerGateway } from "../payments/ledger-gateway.ts";
import type { ReceivingInstitution } from "../ports/execution.ts";

export function createCarriers(): (institution: ReceivingInstitution) => Carrier {
  return ({ gateway, perSecond }) => {
    if (gateway === "ledger") return oneByOne(ledgerGateway, perSecond);
    throw new Error(`no carrier for ${gateway}`);
  };
}
