import { defineConfig } from "vitest/config";

// Not a part of `npm test`: these need a real Electric service.
export default defineConfig({
  test: {
    name: "electric",
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/electric/**/*.test.ts"],
    globalSetup: ["test/electric/reason-to-skip.global.ts"],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
