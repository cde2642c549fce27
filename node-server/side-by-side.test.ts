/** What is asked in the same step is asked once; what fails ends everything. Over a `Tx` that notes what it is asked. */
import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import type { AuditEntry, Tx } from "./ports/store.ts";
import { sideBySide } from "./side-by-side.ts";

const own = new AsyncLocalStorage<string>();

const alone = () => Promise.reject(new Error("has a form for many"));

function notingTx(): { readonly tx: Tx; readonly asked: string[] } {
  const asked: string[] = [];
  const note = (text: string) => void asked.push(text);
  const tx = {
    now: async () => (note("now"), new Date(0)),
    registry: {
      accepts: async (merchantId: string, group: string) => (note(`accepts ${merchantId} ${group}`), true),
    },
    audit: {
      record: alone,
      recordAll: async (entries: readonly AuditEntry[]) =>
        note(`record ${entries.map(({ subject }) => subject).join(",")}`),
    },
    nodes: {
      setStatus: async (id: string) => note(`setStatus ${id} for ${own.getStore()}`),
    },
    claims: { insert: alone, insertAll: () => Promise.reject(new Error("refused")) },
  };
  return { tx: tx as unknown as Tx, asked };
}

const entry = (subject: string): AuditEntry => ({ actor: "test", action: "test", subject });

test("the same step of all is one statement, and the works go on together", async () => {
  const { tx, asked } = notingTx();
  const works = ["a", "b", "c"].map((name) => async (each: Tx) => {
    await each.now();
    await each.registry.accepts("shop", name === "c" ? "books" : "food");
    await each.audit.record(entry(name));
    return name;
  });
  expect(await sideBySide(tx, works)).toEqual(["a", "b", "c"]);
  expect(asked).toEqual(["now", "accepts shop food", "accepts shop books", "record a,b,c"]);
});

test("works of different lengths wait for nobody who has ended", async () => {
  const { tx, asked } = notingTx();
  const records = (count: number, name: string) => async (each: Tx) => {
    for (let n = 1; n <= count; n += 1) await each.audit.record(entry(`${name}${n}`));
  };
  await sideBySide(tx, [records(1, "a"), records(3, "b"), records(2, "c")]);
  expect(asked).toEqual(["record a1,b1,c1", "record b2,c2", "record b3"]);
});

test("what has no form for many is done one after the other, each as part of its own work", async () => {
  const { tx, asked } = notingTx();
  const works = ["a", "b"].map(
    (name) => (each: Tx) => own.run(`work ${name}`, () => each.nodes.setStatus(name, "frozen")),
  );
  await sideBySide(tx, works);
  expect(asked).toEqual(["setStatus a for work a", "setStatus b for work b"]);
});

test("one that throws ends all of them, and its error is the one that is told", async () => {
  const { tx, asked } = notingTx();
  const patient = async (each: Tx) => {
    await each.now();
    await each.now();
  };
  const failing = async (each: Tx) => {
    await each.now();
    throw new Error("mine");
  };
  await expect(sideBySide(tx, [patient, failing, patient])).rejects.toThrow("mine");
  expect(asked).toEqual(["now"]);
});

test("where the database refuses, all are told so", async () => {
  const { tx } = notingTx();
  const insert = (each: Tx) => each.claims.insert({} as never);
  await expect(sideBySide(tx, [insert, insert])).rejects.toThrow("refused");
});
