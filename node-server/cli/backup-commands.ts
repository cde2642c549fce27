/** Commands that back the database up and bring it back (docs/operating.md). */
import { userInfo } from "node:os";
import { pino } from "pino";
import { makeBackup } from "../backup/back-up.ts";
import { BackupError } from "../backup/manifest.ts";
import { rehearse, restore } from "../backup/restore.ts";
import type { Restored } from "../backup/restore.ts";
import { configOrExit } from "../config-or-exit.ts";
import { EmbeddedPostgresError } from "../postgres/embedded.ts";
import { option, UsageError, words } from "./command.ts";
import type { Command, CommandResult, Options } from "./command.ts";

export const backupCommands: readonly (readonly [string, Command])[] = [
  [
    "backup",
    {
      database: false,
      usage: "backup TARGET",
      summary:
        "back the database up into a new folder, while the server goes on; the server's keys are not in it",
      async run(args) {
        const [target] = words(this.usage, args, 1);
        const { config } = configOrExit(process.env);
        const made = await makeBackup(config, target).catch(asUsageError);
        const bytes = made.files.reduce((sum, file) => sum + file.bytes, 0);
        const later =
          made.kind === "dump"
            ? "For restores to any moment, archive the write-ahead log of your PostgreSQL as its manual tells."
            : config.walArchive === undefined
              ? "It comes back to this moment only: set PAYPOST_WAL_ARCHIVE for later ones."
              : `With the log in ${config.walArchive}, of ${made.firstWal} and later, it comes back to any later moment.`;
        const text =
          `Backed up ${(bytes / 1e6).toFixed(1)} MB (${made.kind}) into ${target}. ${later}\n` +
          `The keys in ${config.keysFolder} are NOT in it, and without them it is worth nothing: back them up apart from it, ` +
          "to where whoever has the one does not have the other.";
        const { files: _, rows: __, ...data } = made;
        return { text, data: { ...data, bytes, keysFolder: config.keysFolder } };
      },
    },
  ],
  [
    "restore",
    {
      database: false,
      usage: "restore BACKUP [--to TIME] [--wal FOLDER] [--check] [--by NAME]",
      summary:
        "bring a backup back into an empty place (PAYPOST_DATA, or DATABASE_URL), check it and begin its recovery; --to a moment, as 2026-11-28T09:30:00Z, out of the archived log; --check only rehearses it, in a temporary folder",
      async run(args, options) {
        const [source] = words(this.usage, args, 1);
        const { config } = configOrExit(process.env);
        const wish = {
          source,
          to: momentOf(options),
          wal: option(options, "wal") ?? config.walArchive,
          by: option(options, "by") ?? userInfo().username,
          log: pino({ level: "warn" }, pino.destination(2)),
        };
        const isRehearsal = options["check"] === true;
        const restored = await (isRehearsal ? rehearse(wish) : restore(config, wish)).catch(asUsageError);
        return resultOf(restored, isRehearsal);
      },
    },
  ],
];

function resultOf(restored: Restored, isRehearsal: boolean): CommandResult {
  const { wrong, manifest, tables, rows, until, audit, generation, seconds } = restored;
  const told = [
    `A backup of ${manifest.begunAt}: ${rows} rows in ${tables} tables, the last entry of the audit trail (${audit.entries} in ` +
      `its chain) of ${until?.toISOString() ?? "never"}. It took ${seconds.toFixed(1)} s.`,
  ];
  if (wrong.length > 0)
    told.push("IT IS NOT WHAT WAS BACKED UP, and no server may use it:", ...wrong.map((what) => `  ${what}`));
  else if (isRehearsal) told.push("Its rows, books and audit trail are right. Nothing else was touched.");
  else
    told.push(
      `Its rows, books and audit trail are right. It is generation ${generation}, in recovery: start the server, and see ` +
        "`recovery show`.",
    );
  const { manifest: _, ...data } = restored;
  return { text: told.join("\n"), data: { ...data, of: manifest.begunAt }, isWrong: wrong.length > 0 };
}

function momentOf(options: Options): Date | undefined {
  const text = option(options, "to");
  if (text === null) return undefined;
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const moment = new Date(isWhole ? text : Number.NaN);
  if (Number.isNaN(moment.getTime()))
    throw new UsageError(`--to must be a moment with its zone, such as 2026-11-28T09:30:00Z, not ${text}`);
  return moment;
}

function asUsageError(error: unknown): never {
  if (error instanceof BackupError || error instanceof EmbeddedPostgresError)
    throw new UsageError(error.message);
  throw error;
}
