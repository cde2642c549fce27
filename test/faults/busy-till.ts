/**
 * A till that works through a list of vouchers, uploads now and then, and goes on where it was after it was killed:
 * `DATA LIST`. A line of output is what its screen says. It never reads shapes, so two tills may take the same voucher.
 */
import { readFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createSessions } from "#sync/session.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import { upload } from "#sync/upload.ts";
import { unwrapKey } from "../../desktop/worker/keys.ts";
import { createMachineClock, machineSleep } from "../../desktop/worker/machine.ts";
import { createNode } from "../../desktop/worker/node.ts";
import { openStores } from "../../desktop/worker/open.ts";

export interface Task {
  readonly what: "redeem" | "release";
  readonly serial: string;
  readonly number: string;
  readonly token: string;
}

const [directory = "", list = ""] = process.argv.slice(2);
const clock = createMachineClock();
const opened = openStores({ directory, wallMs: () => clock.wallMs() });
const identity = opened.ok ? opened.stores.node.identity() : undefined;
const key = identity && unwrapKey(identity.wrappedKey, process.env["PAYPOST_PASSPHRASE"] ?? "");
if (!opened.ok || !identity?.certificate || !key) throw new Error("the test's till cannot be opened");
const { stores } = opened;
const { nodeId } = identity.certificate;
const parts = { stores, key, serverUrl: identity.serverUrl, clock, randomBytes: webRandomBytes, fetch };
const node = createNode({ ...parts, sleep: machineSleep });
const link = { baseUrl: identity.serverUrl, fetch };
const assertions = createSyncSigner("session-assertion", key.seed);
const uploadParts = {
  nodeId,
  link,
  sessions: createSessions({ link, nodeId, assertions, contact: stores.node }),
  queue: stores.queue,
  trust: stores.trust,
  contact: stores.node,
  clock,
  leaseDocument: () => undefined,
  patience: { sleep: machineSleep, randomBytes: webRandomBytes, attempts: 1 },
};

const tasks = JSON.parse(readFileSync(list, "utf8")) as readonly Task[];
for (const [index, task] of tasks.entries()) {
  if (isDone(task)) continue;
  say(`ACCEPTED ${await carryOut(task)}`);
  if (index % 4 === 3) await upload(uploadParts);
  await sleep(15);
}
for (;;) {
  const { problem } = await upload(uploadParts);
  if (!problem && stores.redemptions.countByState().queued === 0) break;
  await sleep(100);
}
say("DONE");
stores.close();
process.exit(0);

function isDone({ what, serial }: Task): boolean {
  if (what === "redeem") return stores.redemptions.ofVoucher(BigInt(serial)).length > 0;
  const lease = stores.leases.find(BigInt(serial));
  return lease !== undefined && stores.leases.isGivenBack(lease.serial, lease.epoch);
}

async function carryOut({ what, serial, number, token }: Task): Promise<string> {
  const outcome =
    what === "release"
      ? node.release(BigInt(serial), "Ann")
      : await node.redeem({ serial: BigInt(serial), token, number, actor: "Ann", offline: true });
  if ("recorded" in outcome) return words(outcome.recorded);
  if ("kind" in outcome && outcome.kind === "accepted") return words(outcome.redeemed);
  throw new Error(`${what} ${serial}: ${JSON.stringify(outcome, (_, value: unknown) => String(value))}`);
}

function words({ sequence, hash }: { readonly sequence: number; readonly hash: Uint8Array }): string {
  return `${sequence} ${Buffer.from(hash).toString("hex")}`;
}

/** Written before it returns, so that what a killed till had said is known. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
