/**
 * A server killed with SIGKILL at random moments of a batch, against a provider that is a process of its own and fails in
 * every way the standard allows: each payment is made exactly once, or not at all and told so (C1, C2).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createDatabase } from "../support/database.ts";
import { prepareInstallation } from "../support/installation.ts";
import { runKilledBatch, wrongOf } from "../support/killed-batch.ts";

test("a batch of 2,000 payments whose server is killed again and again pays each once", async () => {
  const database = await createDatabase();
  const folder = await mkdtemp(join(tmpdir(), "paypost-batch-kill-"));
  const installation = await prepareInstallation(folder, { DATABASE_URL: database.url });
  try {
    const count = 2_000;
    const found = await runKilledBatch(installation, { count, kills: 3, mostBetween: 500 });
    expect(wrongOf(found, count)).toEqual([]);
    expect(found.kills).toBeGreaterThan(0);
    expect(Number(found.summary["completed"])).toBeGreaterThan(count / 2);
  } finally {
    await installation.receiver.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
});
