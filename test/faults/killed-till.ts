/**
 * A till's redemption as the command line does it, killed at a given write: `DATA SERIAL NUMBER STEP`. The step `none`
 * lets it live.
 */
import { webRandomBytes } from "#sync/signing/random.ts";
import { redeemView } from "../../desktop/cli/outcomes.ts";
import { unwrapKey } from "../../desktop/worker/keys.ts";
import { createMachineClock, machineSleep } from "../../desktop/worker/machine.ts";
import { createNode } from "../../desktop/worker/node.ts";
import { openStores } from "../../desktop/worker/open.ts";

const [directory = "", serial = "", number = "", killAt = ""] = process.argv.slice(2);
const clock = createMachineClock();

const dieAt = (step: string): void => {
  // SIGKILL cannot be caught, and nothing runs after it.
  if (step === killAt) process.kill(process.pid, "SIGKILL");
};

const opened = openStores({ directory, wallMs: () => clock.wallMs() });
const identity = opened.ok ? opened.stores.node.identity() : undefined;
const key = identity && unwrapKey(identity.wrappedKey, process.env["PAYPOST_PASSPHRASE"] ?? "");
if (!opened.ok || !identity || !key) throw new Error("the test's till cannot be opened");
dieAt("opened");
const node = createNode({
  stores: opened.stores,
  key,
  serverUrl: identity.serverUrl,
  clock,
  randomBytes: webRandomBytes,
  sleep: machineSleep,
  fetch,
  onStep: dieAt,
});
const outcome = await node.redeem({ serial: BigInt(serial), number, actor: "Ann", offline: true });
dieAt("before-the-screen");
const { text, exitCode } = redeemView(outcome);
process.stdout.write(`${text}\n`, () => {
  dieAt("after-the-screen");
  process.exit(exitCode);
});
