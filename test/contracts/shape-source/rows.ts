/** What nodes have after reading through the official client, whoever writes meanwhile and wherever they read. */
import { isChangeMessage, ShapeStream, type Row } from "@electric-sql/client";
import { expect, onTestFinished, test } from "vitest";
import type { LiveShapeSourceSubject } from "./subject.ts";

export function describeRows(subject: () => LiveShapeSourceSubject): void {
  const write = (statement: string) => subject().pool.query(statement.replaceAll("leases", subject().table));

  test("a node has its rows as they are after inserts, updates and deletes, and nothing of another's", async () => {
    await write("insert into leases select 'r1', i, 1, i, true, null, null from generate_series(1, 3) i");
    const node = readShape(subject().address, "r1");
    await node.until(() => node.rows.size === 3);
    await write("insert into leases values ('r2', 1, 1, 1, true, 'not ours', null)");
    await write("update leases set status = 7 where node_id = 'r1' and serial = 2");
    await write("delete from leases where node_id = 'r1' and serial = 1");
    await write("insert into leases values ('r1', 9, 1, 1, true, null, null)");
    const serials = () => new Set([...node.rows.values()].map(({ serial }) => serial));
    await node.until(() => serials().has(9n));
    expect(serials()).toEqual(new Set([2n, 3n, 9n]));
    expect([...node.rows.values()].find(({ serial }) => serial === 2n)).toMatchObject({ status: 7 });
    expect(new Set([...node.rows.values()].map((row) => row["node_id"]))).toEqual(new Set(["r1"]));
  });

  test("what is read at one server process goes on at another", async () => {
    await write("insert into leases select 'r3', i, 1, i, true, null, null from generate_series(1, 3) i");
    const first = readShape(subject().address, "r3");
    await first.until(() => first.rows.size === 3);
    const place = first.stop();
    await write("insert into leases values ('r3', 4, 1, 1, true, null, null)");
    const second = readShape(subject().hastyAddress, "r3", place);
    await second.until(() => second.rows.size === 1);
    expect([...second.rows.values()].map(({ serial }) => serial)).toEqual([4n]);
    expect(second.refetched()).toBe(false);
  });

  test("a shape of many rows arrives whole", async () => {
    await write(`insert into leases
      select 'r4', i, 1, i, true, repeat('x', 200), null from generate_series(1, 20000) i`);
    const node = readShape(subject().address, "r4");
    await node.until(() => node.rows.size === 20_000);
  });

  test("a node begins again when its handle is unknown, and has the same rows", async () => {
    await write("insert into leases select 'r5', i, 1, i, true, null, null from generate_series(1, 3) i");
    const node = readShape(subject().address, "r5", { handle: "1-1", offset: "0_inf" });
    await node.until(() => node.rows.size === 3);
    expect(node.refetched()).toBe(true);
  });

  test("an emptied table is empty for who follows it", async () => {
    await write("insert into leases select 'r6', i, 1, i, true, null, null from generate_series(1, 3) i");
    const node = readShape(subject().address, "r6");
    await node.until(() => node.rows.size === 3);
    await write("truncate leases");
    await node.until(() => node.rows.size === 0 && node.refetched());
  });
}

interface Place {
  readonly handle: string;
  readonly offset: `${number}_${number | "inf"}`;
}

function readShape(address: string, nodeId: string, from?: Place) {
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  const rows = new Map<string, Row<bigint>>();
  let refetched = false;
  let failure: Error | undefined;
  let seen = Promise.withResolvers<void>();
  const wake = () => {
    seen.resolve();
    seen = Promise.withResolvers();
  };
  const stream = new ShapeStream<Row<bigint>>({
    url: `${address}/leases`,
    headers: { authorization: `Bearer ${nodeId}` },
    signal: stopping.signal,
    ...(from && { handle: from.handle, offset: from.offset as `${number}_${number}` }),
  });
  stream.subscribe(
    (messages) => {
      for (const message of messages) {
        if (!isChangeMessage(message)) {
          if (message.headers.control !== "must-refetch") continue;
          refetched = true;
          rows.clear();
        } else if (message.headers.operation === "delete") rows.delete(message.key);
        else rows.set(message.key, message.value);
      }
      wake();
    },
    (error) => {
      failure = error;
      wake();
    },
  );
  return {
    rows,
    refetched: () => refetched,
    async until(isReached: () => boolean): Promise<void> {
      while (!(isReached() && stream.isUpToDate)) {
        if (failure) throw failure;
        await seen.promise;
      }
    },
    stop(): Place {
      stopping.abort();
      return { handle: stream.shapeHandle ?? "", offset: stream.lastOffset as Place["offset"] };
    },
  };
}
