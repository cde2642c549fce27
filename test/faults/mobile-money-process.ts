/**
 * The simulated mobile-money provider as a process of its own, whose books outlive a server of ours that is killed. It
 * answers most credits well, and the others in every way the standard allows. Its books are read at `BOOKS`.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { providerBehaviours, startMobileMoney } from "../support/mobile-money.ts";

const hangMs = 2_000;
const provider = await startMobileMoney(hangMs);
const troubles = providerBehaviours.filter((behaviour) => behaviour !== "completes");
provider.otherwise = () =>
  Math.random() < 0.93 ? "completes" : (troubles[Math.floor(Math.random() * troubles.length)] ?? "completes");

const control = createServer((request, response) => {
  const { books } = provider;
  const body =
    request.url === "/count"
      ? { arrivals: books.arrivals.length }
      : { credits: Object.fromEntries(books.credits()), arrivals: books.arrivals.length };
  response.end(JSON.stringify(body));
});
control.listen(0, "127.0.0.1", () => {
  console.log(`provider ${provider.url} books http://127.0.0.1:${(control.address() as AddressInfo).port}`);
});
