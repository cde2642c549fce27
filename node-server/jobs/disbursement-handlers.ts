/** What the queues of bulk disbursement do, and what is done for it again and again. */
import type { AddressKeys } from "../disbursement/addresses.ts";
import { authoriseFunds } from "../disbursement/authorise.ts";
import type { AskBank } from "../disbursement/authorise.ts";
import { startBatch, startDueBatches } from "../disbursement/start.ts";
import type { Store } from "../ports/store.ts";
import type { JobHandlers } from "./boss.ts";
import { afterRecovery, unlessRecovering } from "./handlers.ts";
import type { PeriodicTask } from "./periodic.ts";
import type { DisbursementQueue } from "./queues.ts";

export interface DisbursementHandlerDependencies {
  readonly store: Store;
  readonly addressKeys: AddressKeys;
  readonly askBank: AskBank;
}

export function disbursementHandlers(
  deps: DisbursementHandlerDependencies,
): Pick<JobHandlers, DisbursementQueue> {
  const { store } = deps;
  return {
    "authorise-funds": (id) => authoriseFunds(store, deps.askBank, BigInt(id)),
    "start-batch": (id) =>
      afterRecovery(store, { queue: "start-batch", id }, () => startBatch(deps, BigInt(id))),
    "execute-batch": () => Promise.resolve(),
  };
}

export function disbursementTasks(deps: DisbursementHandlerDependencies): PeriodicTask[] {
  return [
    {
      name: "start-due-batches",
      everySeconds: 60,
      run: () => unlessRecovering(deps.store, () => startDueBatches(deps)),
    },
  ];
}
