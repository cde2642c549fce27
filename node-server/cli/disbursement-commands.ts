/** Commands with which operators watch batches and steer them. */
import { formatMajor } from "#core/money.ts";
import { batchCommands, controlBatch } from "../disbursement/control.ts";
import type { BatchCommand } from "../disbursement/control.ts";
import { listBatches } from "../postgres/disbursement-admin.ts";
import { done, nameOf, option, UsageError, words } from "./command.ts";
import type { Command } from "./command.ts";
import { table } from "./table.ts";

const summaries: Readonly<Record<BatchCommand, string>> = {
  pause: "send nothing more of a batch for now; what was sent is still asked for",
  resume: "let a batch go on that was paused, or stopped since too much of it failed",
  retry: "try the failed instructions of a batch again; after its end its funds are authorised anew",
  cancel:
    "call a batch off before its execution; of one that is paused or stopped, give up what was not begun",
  reject: "do not approve a batch",
};

export const disbursementCommands: readonly (readonly [string, Command])[] = [
  [
    "batches",
    {
      database: true,
      usage: "batches [--all]",
      summary: "list disbursement batches and how far they are; --all shows those that have ended too",
      async run({ pool }, _args, options) {
        const batches = await listBatches(pool, options["all"] === true);
        const rows = batches.map((batch) => [
          batch.batchId,
          batch.institutionId,
          batch.state,
          `${batch.paid} of ${batch.total}`,
          batch.failed,
          formatMajor({ amountMinor: batch.totalMinor, currency: batch.currency }),
          batch.currency,
          batch.createdAt.toISOString(),
          batch.stateReason ?? "",
        ]);
        const head = [
          "batch",
          "institution",
          "state",
          "paid",
          "failed",
          "amount",
          "currency",
          "received",
          "why",
        ];
        return done(table(head, rows), batches);
      },
    },
  ],
  ...batchCommands.map((name) => [`batch ${name}`, steering(name)] as const),
];

function steering(name: BatchCommand): Command {
  return {
    database: true,
    usage: `batch ${name} BATCH --because TEXT --by NAME`,
    summary: summaries[name],
    async run({ store, asServer }, args, options) {
      const [batchId] = words(this.usage, args, 1);
      const by = nameOf(this.usage, options);
      const batch = await store.transaction((tx) => tx.disbursements.byBatchId(batchId));
      if (!batch) throw new UsageError(`There is no batch ${batchId}; see batches`);
      const reason = option(options, "because") ?? "";
      const outcome = await asServer((server) =>
        controlBatch(server.store, batch.id, name, { actor: `operator:${by}`, reason }),
      );
      if (!outcome.ok) throw new UsageError(`The batch is ${batch.state}, and does not take this now`);
      return done(`The batch is ${outcome.next}.`, { batchId, state: outcome.next });
    },
  };
}
