/**
 * Simulated: a biller with books of its own. It knows a payment by its reference, since a server that was restored may name
 * the same payment by another request id. What it has acknowledged is where P11 shows.
 */
import type { World } from "./world.ts";

export type BillerStatus = "ACK" | "Def" | "Und";

export class Biller {
  /** References of payments that it has acknowledged, by bill. */
  readonly acknowledged = new Map<string, Set<string>>();
  readonly #answers = new Map<string, BillerStatus>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Says the same of the same payment whenever it is told of it; it does not look whether the bill is paid. */
  answerTo(billId: string, reference: string): BillerStatus {
    const status = this.#answers.get(reference) ?? this.#decide();
    this.#answers.set(reference, status);
    if (status === "ACK") {
      const references = this.acknowledged.get(billId) ?? new Set();
      this.acknowledged.set(billId, references.add(reference));
    }
    return status;
  }

  #decide(): BillerStatus {
    if (!this.#world.strikes(0.2)) return "ACK";
    return this.#world.random.pick(["Def", "Und"] as const);
  }
}
