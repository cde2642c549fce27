/** The embedded source, on a real PostgreSQL, keeps the contract of shape sources. */
import { EventEmitter, once } from "node:events";
import { describeLiveShapeSource } from "../../test/contracts/shape-source.contract.ts";
import { capturedDefinitions, createCapturedTable } from "../../test/support/captured-exchanges.ts";
import { openShapeBench } from "../../test/support/shapes.ts";

const table = "captured_leases";

describeLiveShapeSource("embedded in the server", table, async () => {
  const bench = await openShapeBench();
  await createCapturedTable(bench.pool, table);
  // Times are told in UTC whatever the session's own zone is.
  await bench.pool.query(`do $$ begin execute format('alter database %I set timezone = ''Asia/Kolkata''',
    current_database()); end $$`);
  const events = new EventEmitter();
  const options = { definitions: capturedDefinitions(table), onHold: () => events.emit("held") };
  return {
    pool: bench.pool,
    table,
    address: await bench.serve(bench.newSource(options)),
    hastyAddress: await bench.serve(bench.newSource({ ...options, holdMs: 100 })),
    isNowSnapshotEnd: true,
    async commitWhileHeld(statements, request) {
      const held = once(events, "held");
      const response = request();
      await Promise.race([held, response]);
      // Statements that are sent together are one transaction.
      await bench.pool.query(statements.join(";"));
      return response;
    },
    close: () => bench.close(),
  };
});
