/** The proxy source, in front of a recorded stand-in for the Electric service, keeps the contract of shape sources. */
import { expect } from "vitest";
import { describeShapeSource } from "../../test/contracts/shape-source.contract.ts";
import { capturedDefinitions, capturedExchanges } from "../../test/support/captured-exchanges.ts";
import { startRecordedElectric } from "../../test/support/recorded-electric.ts";
import { serveShapes } from "../../test/support/serve-shapes.ts";
import { createElectricShapeSource } from "./electric.ts";

const table = "captured_leases";

describeShapeSource("in front of a recorded Electric", table, async () => {
  const secret = "a secret & more";
  const electric = await startRecordedElectric(capturedExchanges(table), secret);
  const definitions = capturedDefinitions(table);
  const source = createElectricShapeSource({
    url: electric.url,
    secret,
    definitions,
    log: { warn: () => {} },
  });
  const server = await serveShapes(source);
  return {
    address: server.address,
    hastyAddress: server.address,
    isNowSnapshotEnd: false,
    async commitWhileHeld(statements, request) {
      const held = electric.nextHeld();
      const response = request();
      await held;
      electric.commit(statements);
      return response;
    },
    async close() {
      await server.close();
      await electric.close();
      // Nothing reached it but what a proxy writes of its own.
      expect(electric.strange).toEqual([]);
    },
  };
});
