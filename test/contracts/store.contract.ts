/**
 * What every implementation of the server's store keeps (`node-server/ports/store.ts`). A broken rule is an error whose
 * `constraint` names the rule, and nothing of its transaction stays.
 */
import { afterAll, beforeAll, describe } from "vitest";
import { describeBatches } from "./store/batches.ts";
import { describeBills } from "./store/bills.ts";
import { describeBooks } from "./store/books.ts";
import { describeCarried } from "./store/carried.ts";
import { describeClaims } from "./store/claims.ts";
import { describeCommands } from "./store/commands.ts";
import { describeDisbursements } from "./store/disbursements.ts";
import { prepare } from "./store/fixture.ts";
import { describeInventory } from "./store/inventory.ts";
import { describeLeases } from "./store/leases.ts";
import { describeLifecycle } from "./store/lifecycle.ts";
import { describeLimits } from "./store/limits.ts";
import { describeLives } from "./store/lives.ts";
import { describeMapperRequests } from "./store/mapper-requests.ts";
import { describeNodes } from "./store/nodes.ts";
import { describeOperations } from "./store/operations.ts";
import { describePayees } from "./store/payees.ts";
import { describePeople } from "./store/people.ts";
import { describeProjections } from "./store/projections.ts";
import { describeRandomLives } from "./store/random-lives.ts";
import { describeRegistry } from "./store/registry.ts";
import { describeRequests } from "./store/requests.ts";
import { describeSealedAnswers } from "./store/sealed-answers.ts";
import type { StoreSubject } from "./store/subject.ts";
import { describeTransactions } from "./store/transactions.ts";
import { describeVouchers } from "./store/vouchers.ts";

export function describeStore(name: string, createSubject: () => Promise<StoreSubject>): void {
  describe(`the store on ${name}`, () => {
    let made: StoreSubject | undefined;
    beforeAll(async () => {
      made = await createSubject();
      await prepare(made);
    });
    afterAll(() => made?.close());
    const subject = () => {
      if (!made) throw new Error("the store is not made yet");
      return made;
    };
    for (const describePart of parts) describePart(subject);
  });
}

const parts = [
  describeTransactions,
  describeRegistry,
  describeVouchers,
  describeBatches,
  describeCommands,
  describeLeases,
  describeClaims,
  describeNodes,
  describeLimits,
  describeOperations,
  describePeople,
  describePayees,
  describeMapperRequests,
  describeCarried,
  describeDisbursements,
  describeRequests,
  describeSealedAnswers,
  describeInventory,
  describeBooks,
  describeBills,
  describeProjections,
  describeLifecycle,
  describeLives,
  describeRandomLives,
];
