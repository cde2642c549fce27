import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Tests start hundreds of processes, and each would compile the same files anew: half of what it takes to start.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/compiled", import.meta.url));

// One project for each place the code runs in, so that `vitest run --project core` is quick and says what it covers.
export default defineConfig({
  test: {
    // Vitest leaves a processor free by default: on two, which CI has, that is half of them.
    maxWorkers: "100%",
    projects: [
      { test: { name: "core", include: ["core/**/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "sync", include: ["sync/**/*.test.ts"], testTimeout: 30_000 } },
      {
        test: {
          name: "server",
          include: ["node-server/**/*.test.ts"],
          globalSetup: ["test/support/postgres.global.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      { test: { name: "node", include: ["desktop/**/*.test.ts"], testTimeout: 90_000, hookTimeout: 90_000 } },
      {
        test: {
          name: "faults",
          include: [
            "test/faults/**/*.test.ts",
            "test/house/**/*.test.ts",
            "test/simulation/**/*.test.ts",
            "test/demo/*.test.ts",
            "test/runtime/deno-server.test.ts",
          ],
          globalSetup: ["test/support/postgres.global.ts"],
          testTimeout: 400_000,
          hookTimeout: 200_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.e2e.test.ts"],
          globalSetup: ["test/e2e/support/global.ts"],
          // A server, a till and a browser are enough for two processors.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
