import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// One project for each place the code runs in, so that `vitest run --project core` is quick and says what it covers.
export default defineConfig({
  test: {
    // Many tests wait for processes and clocks: a core is not kept free for vitest itself.
    maxWorkers: availableParallelism(),
    projects: [
      { test: { name: "core", include: ["core/**/*.test.ts"] } },
      { test: { name: "sync", include: ["sync/**/*.test.ts"] } },
      {
        test: {
          name: "server",
          include: ["node-server/**/*.test.ts"],
          globalSetup: ["test/support/postgres.global.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: "node", include: ["desktop/**/*.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts", "test/house/**/*.test.ts", "test/simulation/**/*.test.ts"],
          globalSetup: ["test/support/postgres.global.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
