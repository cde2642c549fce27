/** A process that takes a payout job from the database it is given, says so, and never ends it; to be killed. */
import { createJobs } from "../../node-server/jobs/boss.ts";

const log = { warn: () => {}, error: () => {} };
const jobs = await createJobs({ connectionString: process.argv[2] ?? "", log });
const hang = (id: string) => {
  process.stdout.write(`${id}\n`);
  return new Promise<void>(() => {});
};
const none = () => Promise.resolve();
await jobs.start({
  "issue-batch": none,
  "run-command": none,
  "map-payees": none,
  callback: none,
  notify: none,
  payout: hang,
});
