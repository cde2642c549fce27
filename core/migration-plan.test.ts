import { describe, expect, test } from "vitest";
import { isExpanding, planMigrations, type AppliedMigration, type MigrationFile } from "./migration-plan.ts";

const first = file("0010-registry.sql");
const second = file("0020-vouchers.sql");
const third = file("0030-leases.sql");

describe("what is pending", () => {
  test("an empty database needs every file, in the order of their numbers", () => {
    expect(pendingNames([third, first, second], [])).toEqual([first.name, second.name, third.name]);
  });

  test("a database that has applied the first ones needs only the rest", () => {
    expect(pendingNames([first, second, third], [second, first].map(entry))).toEqual([third.name]);
  });

  test("a database that has applied everything needs nothing", () => {
    expect(pendingNames([first, second], [first, second].map(entry))).toEqual([]);
  });

  test("a gap in the numbers is no mistake", () => {
    expect(pendingNames([third, first], [entry(first)])).toEqual([third.name]);
  });
});

test("a file expands when its second line says how", () => {
  const isSo = (sql: string) => isExpanding({ sql });
  expect(isSo("-- why: more\n-- expands: a table that nobody else reads\ncreate table t ()")).toBe(true);
  expect(isSo("-- why: more\n-- expands:\ncreate table t ()")).toBe(false);
  expect(isSo("-- why: more\ncreate table t ();\n-- expands: nothing")).toBe(false);
});

describe("a history that the files do not explain", () => {
  test("an applied migration with another content is refused as changed", () => {
    const changed = { ...second, checksum: "other" };
    expect(refusal([first, changed], [first, second].map(entry))).toMatchObject({
      code: "changed",
      name: second.name,
    });
  });

  test("an applied migration that no file holds is refused as unknown", () => {
    expect(refusal([first], [first, second].map(entry))).toMatchObject({
      code: "unknown",
      name: second.name,
    });
  });

  test("a later migration that only expands is no reason to refuse, one in between is", () => {
    const expanding = (migration: MigrationFile) => ({ ...entry(migration), expands: true });
    expect(pendingNames([first, second], [entry(first), entry(second), expanding(third)])).toEqual([]);
    expect(refusal([first, third], [entry(first), expanding(second), entry(third)])).toMatchObject({
      code: "unknown",
      name: second.name,
    });
  });

  test("a file numbered before one that is already applied is refused as out-of-order", () => {
    expect(refusal([first, second, third], [first, third].map(entry))).toMatchObject({
      code: "out-of-order",
      name: second.name,
      after: third.name,
    });
  });

  test("every refusal says which migration it is about and what to do", () => {
    const refusals = [
      refusal([{ ...first, checksum: "other" }], [entry(first)]),
      refusal([], [entry(first)]),
      refusal([first, second], [entry(second)]),
      refusal([file("10-registry.sql")], []),
      refusal([{ ...first, sql: "create table t ()" }], []),
    ];
    for (const { name, message } of refusals) {
      expect(message).toContain(name);
      expect(message).toMatch(/Restore|restore|give it|Rename|write there/);
    }
  });
});

describe("the files themselves", () => {
  test.each([
    "10-registry.sql",
    "0015-registry.sql",
    "0000-registry.sql",
    "0010_registry.sql",
    "0010-Registry.sql",
    "0010-.sql",
    "0010-registry.sql.bak",
    "registry.sql",
  ])("the name %s is refused", (name) => {
    expect(refusal([file(name)], [])).toMatchObject({ code: "bad-name", name });
  });

  test("two files with one number are refused", () => {
    const twin = file("0010-vouchers.sql");
    expect(refusal([twin, first], [])).toMatchObject({ code: "bad-name", name: twin.name });
  });

  test.each(["create table t ();\n-- why: too late", "-- why:", "-- why:  \nselect 1", ""])(
    "a file that does not open with its reason is refused: %j",
    (sql) => {
      expect(refusal([{ ...first, sql }], [])).toMatchObject({ code: "without-why", name: first.name });
    },
  );
});

function file(name: string): MigrationFile {
  return { name, checksum: `checksum of ${name}`, sql: `-- why: ${name} is needed\nselect 1;\n` };
}

function entry({ name, checksum }: MigrationFile): AppliedMigration {
  return { name, checksum };
}

function pendingNames(files: MigrationFile[], history: AppliedMigration[]): string[] {
  const plan = planMigrations(files, history);
  if (!plan.ok) throw new Error(plan.refusal.message);
  return plan.pending.map((pending) => pending.name);
}

function refusal(files: MigrationFile[], history: AppliedMigration[]) {
  const plan = planMigrations(files, history);
  if (plan.ok) throw new Error("the history was not refused");
  return plan.refusal;
}
