/** What the queues of bulk disbursement do, and what is done for it again and again. */
import { authoriseFunds } from "../disbursement/authorise.ts";
import type { AskBank } from "../disbursement/authorise.ts";
import { executeBatch } from "../disbursement/execute.ts";
import type { ExecuteDependencies } from "../disbursement/execute.ts";
import { payChunk } from "../disbursement/pay-chunk.ts";
import type { PayDependencies } from "../disbursement/pay-chunk.ts";
import { startBatch, startDueBatches } from "../disbursement/start.ts";
import type { JobHandlers } from "./boss.ts";
import { afterRecovery, unlessRecovering } from "./handlers.ts";
import type { PeriodicTask } from "./periodic.ts";
import type { DisbursementQueue } from "./queues.ts";

export interface DisbursementHandlerDependencies extends ExecuteDependencies, PayDependencies {
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
    "execute-batch": (id) =>
      afterRecovery(store, { queue: "execute-batch", id }, () => executeBatch(deps, BigInt(id))),
    "pay-chunk": (id) =>
      afterRecovery(store, { queue: "pay-chunk", id }, () => {
        const [batch = "", chunk = ""] = id.split("/");
        return payChunk(deps, BigInt(batch), Number(chunk));
      }),
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
