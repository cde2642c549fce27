/** A process that takes a payout job from the database it is given, says so, and never ends it; to be killed. */
import { createJobs } from "../../node-server/jobs/boss.ts";
import { idleHandlers } from "./idle-handlers.ts";

const log = { warn: () => {}, error: () => {} };
const jobs = await createJobs({ connectionString: process.argv[2] ?? "", log });
const hang = (id: string) => {
  process.stdout.write(`${id}\n`);
  return new Promise<void>(() => {});
};
await jobs.start({ ...idleHandlers, payout: hang });
