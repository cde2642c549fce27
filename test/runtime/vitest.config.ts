import { defineConfig } from "vitest/config";

// What money and nodes go through, on the runtime that this is started with: `npm run test:deno`.
export default defineConfig({
  test: {
    name: "deno",
    maxWorkers: "100%",
    include: [
      "test/runtime/on-deno.test.ts",
      "node-server/callbacks/send.node.test.ts",
      "node-server/callbacks/signature.test.ts",
      "node-server/routes/vouchers.pg.test.ts",
      "node-server/routes/voucher-commands.pg.test.ts",
      "node-server/routes/shapes.pg.test.ts",
      "node-server/operations/{operations,runs}.pg.test.ts",
      "node-server/operations/carried.pg.test.ts",
      "node-server/shapes/{client,embedded}.pg.test.ts",
      "sync/signing/{ed25519,ed25519-strict,cose,native-sealed}.test.ts",
    ],
    globalSetup: ["test/support/postgres.global.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
