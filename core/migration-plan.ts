/**
 * Decides which migrations a database still needs, and refuses a history that the files do not explain. The same rules
 * hold for the server's PostgreSQL and the node's SQLite: files are immutable, numbered by tens and run in order.
 */

export interface MigrationFile {
  /** `NNNN-words.sql`; the number is a multiple of ten, so that an urgent one always finds room. */
  readonly name: string;
  /** A digest of the content, made by whoever read the file. */
  readonly checksum: string;
  readonly sql: string;
}

/** One line of the history that a database keeps of itself. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  /** Whether the version before goes on with the database, as the file said. */
  readonly expands?: boolean;
}

/** A file whose second line is `-- expands: …` adds to the schema only: the version before it goes on as if it were not there. */
export function isExpanding({ sql }: Pick<MigrationFile, "sql">): boolean {
  return /^-- why:[^\n]*\n-- expands: *[^\s]/.test(sql);
}

export type MigrationRefusal =
  | { readonly code: "bad-name"; readonly name: string; readonly message: string }
  | { readonly code: "without-why"; readonly name: string; readonly message: string }
  | { readonly code: "unknown"; readonly name: string; readonly message: string }
  | { readonly code: "changed"; readonly name: string; readonly message: string }
  | {
      readonly code: "out-of-order";
      readonly name: string;
      readonly after: string;
      readonly message: string;
    };

export type MigrationPlan =
  | { readonly ok: true; readonly pending: readonly MigrationFile[] }
  | { readonly ok: false; readonly refusal: MigrationRefusal };

/** Gives the files that are still to run, in order; neither list needs to be sorted. */
export function planMigrations(
  files: readonly MigrationFile[],
  history: readonly AppliedMigration[],
): MigrationPlan {
  const sorted = files.toSorted(byName);
  const applied = new Map(history.map((entry) => [entry.name, entry.checksum]));
  const refusal =
    refuseFiles(sorted) ?? refuseHistory(sorted, history.toSorted(byName)) ?? refuseOrder(sorted, applied);
  if (refusal) return { ok: false, refusal };
  return { ok: true, pending: sorted.filter((file) => !applied.has(file.name)) };
}

function refuseFiles(sorted: readonly MigrationFile[]): MigrationRefusal | undefined {
  for (const [index, file] of sorted.entries()) {
    const wrong = wrongName(file.name, sorted[index - 1]?.name);
    if (wrong) return { code: "bad-name", name: file.name, message: `Migration ${file.name}: ${wrong}` };
    if (!/^-- why: *[^\s]/.test(file.sql)) {
      const message = `Migration ${file.name} does not open with a line \`-- why: …\`: write there what it is for.`;
      return { code: "without-why", name: file.name, message };
    }
  }
  return undefined;
}

function wrongName(name: string, previous: string | undefined): string | undefined {
  if (!/^[0-9]{3}0-[a-z0-9]+(-[a-z0-9]+)*\.sql$/.test(name) || numberOf(name) === "0000") {
    return "the name is not of the form NNNN-words.sql with a multiple of ten and lower-case words. Rename the file.";
  }
  if (previous !== undefined && numberOf(previous) === numberOf(name)) {
    return `its number is already taken by ${previous}. Give the newer of the two the next free multiple of ten.`;
  }
  return undefined;
}

function refuseHistory(
  files: readonly MigrationFile[],
  history: readonly AppliedMigration[],
): MigrationRefusal | undefined {
  const last = files.at(-1);
  for (const { name, checksum, expands = false } of history) {
    const file = files.find((candidate) => candidate.name === name);
    // Of a later version, which says that this one may go on.
    if (!file && expands && last && byName(last, { name }) < 0) continue;
    if (!file) return { code: "unknown", name, message: unknownMessage(name) };
    if (file.checksum !== checksum) return { code: "changed", name, message: changedMessage(name) };
  }
  return undefined;
}

function refuseOrder(
  files: readonly MigrationFile[],
  applied: ReadonlyMap<string, string>,
): MigrationRefusal | undefined {
  const last = files.findLast((file) => applied.has(file.name));
  const late = last && files.find((file) => !applied.has(file.name) && byName(file, last) < 0);
  if (!late) return undefined;
  const message =
    `Migration ${late.name} has not been applied, but ${last.name}, which comes after it, has. ` +
    "A migration must come after all that any database has applied: give it a number above the last one.";
  return { code: "out-of-order", name: late.name, after: last.name, message };
}

function unknownMessage(name: string): string {
  return (
    `The database has applied the migration ${name}, which this version does not have: ` +
    "the database is newer than this program, or belongs to another one. Start the version that applied it, " +
    "or restore a backup made before it."
  );
}

function changedMessage(name: string): string {
  return (
    `Migration ${name} was changed after it had been applied to this database. ` +
    "Restore the file as it was released, and put the change into a new migration."
  );
}

function numberOf(name: string): string {
  return name.slice(0, 4);
}

/** By code units and never by the machine's language: the order must be the same everywhere. */
function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
}
