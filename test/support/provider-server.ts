/**
 * The simulated provider (`./gateways.ts`) as a server of its own, so that it outlives a server of ours that is killed,
 * and the gateway that speaks to it. The protocol is made up for the tests.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import type { PaymentGateway, Payout, PayoutOutcome } from "../../node-server/payments/gateway.ts";
import { SimulatedProvider } from "./gateways.ts";

export interface ProviderServer {
  readonly url: string;
  readonly provider: SimulatedProvider;
  /** The next credit is not answered, and is booked first or not at all; resolves when it is there. */
  swallowNext(booked: boolean): Promise<void>;
  close(): void;
}

export async function startProviderServer(): Promise<ProviderServer> {
  const provider = new SimulatedProvider();
  let swallow: { readonly booked: boolean; readonly arrived: () => void } | undefined;
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const payout = payoutOf((await json(request)) as WirePayout);
    if (request.url === "/outcome") {
      response.end(JSON.stringify(await provider.outcomeOf(payout)));
      return;
    }
    const swallowed = swallow;
    swallow = undefined;
    const outcome = swallowed?.booked === false ? undefined : await provider.credit(payout);
    if (swallowed) swallowed.arrived();
    else response.end(JSON.stringify(outcome));
  }
  const server = createServer((request, response) => void receive(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    provider,
    swallowNext(booked) {
      const arrival = Promise.withResolvers<void>();
      swallow = { booked, arrived: arrival.resolve };
      return arrival.promise;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function createProviderGateway(url: string): PaymentGateway {
  const call = async (path: string, payout: Payout) => {
    const body = JSON.stringify({ ...payout, money: wireMoney(payout) });
    return (await fetch(url + path, { method: "POST", body })).json();
  };
  return {
    isExternal: true,
    credit: (payout) => call("/credit", payout) as Promise<PayoutOutcome>,
    outcomeOf: (payout) => call("/outcome", payout) as Promise<PayoutOutcome>,
  };
}

type WirePayout = Omit<Payout, "money"> & { readonly money: ReturnType<typeof wireMoney> };

function wireMoney({ money }: Payout) {
  return { amountMinor: String(money.amountMinor), currency: money.currency };
}

function payoutOf({ money, ...payout }: WirePayout): Payout {
  return { ...payout, money: { amountMinor: BigInt(money.amountMinor), currency: money.currency } };
}
