/** Commands about a database that was restored from a backup (design section 4.8). */
import { overrideRecovery, readRecovery } from "../postgres/recovery-admin.ts";
import type { RecoverySummary } from "../postgres/recovery-admin.ts";
import { beginRestored } from "../recovery/begin.ts";
import { done, nameOf, UsageError } from "./command.ts";
import type { Command } from "./command.ts";
import { table } from "./table.ts";

export const recoveryCommands: readonly (readonly [string, Command])[] = [
  [
    "restored",
    {
      database: true,
      usage: "restored --by NAME",
      summary: "say that this database was restored from a backup, while no server runs; its recovery begins",
      async run({ pool, keysFolder, leaseGraceHours }, args, options) {
        if (args.length > 0) throw new UsageError(`Usage: paypost ${this.usage}`);
        const by = nameOf(this.usage, options);
        const generation = await beginRestored(pool, keysFolder, { by, graceHours: leaseGraceHours });
        const recovery = await readRecovery(pool);
        const text =
          `This is generation ${generation} of the database. Start the server: it takes in what its nodes bring, and moves no ` +
          "money otherwise until all of them have uploaded. `recovery show` tells how far that is.";
        return done(text, { generation, awaited: recovery?.awaited.length ?? 0, until: recovery?.until });
      },
    },
  ],
  [
    "recovery show",
    {
      database: true,
      usage: "recovery show",
      summary: "how far the recovery of a restored database is, and which nodes are awaited",
      async run({ pool }) {
        const recovery = await readRecovery(pool);
        if (!recovery) return done("This database was never restored.", null);
        return done(textOf(recovery), recovery);
      },
    },
  ],
  [
    "recovery override",
    {
      database: true,
      usage: "recovery override --by NAME",
      summary:
        "end a recovery before every node has uploaded: one person proposes it, another one does it; what the missing nodes did may then be lost to somebody else",
      async run({ pool }, _args, options) {
        const by = nameOf(this.usage, options);
        const outcome = await overrideRecovery(pool, by);
        if (outcome === "no-recovery") throw new UsageError("No recovery is under way");
        if (outcome === "same-person") throw new UsageError(`${by} proposed it, so somebody else must do it`);
        const text =
          outcome === "proposed"
            ? "Proposed. The recovery ends once somebody other than you gives the same command."
            : "The recovery has ended. What had waited is settled within half a minute.";
        return done(text, { outcome });
      },
    },
  ],
];

function textOf(recovery: RecoverySummary): string {
  const { generation, begunAt, begunBy, until, proposedBy, endedAt, endedHow, awaited, held } = recovery;
  const begun = `Generation ${generation}, restored by ${begunBy} at ${begunAt.toISOString()}.`;
  if (endedAt) return `${begun} Recovered at ${endedAt.toISOString()} (${endedHow}).`;
  const rows = awaited.map((node) => [
    node.id,
    node.name,
    node.merchantId,
    node.lastContactAt?.toISOString() ?? "never",
  ]);
  return [
    `${begun} It recovers until ${awaited.length} nodes have uploaded, at the latest until ${until.toISOString()}; ${held} operations wait.`,
    ...(proposedBy === null ? [] : [`${proposedBy} proposes to end it now.`]),
    table(["node", "name", "merchant", "last contact before the backup"], rows),
  ].join("\n");
}
