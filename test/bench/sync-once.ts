/**
 * A process for the rows that measure what a node reads: `sync-once.ts FOLDER SERVER` syncs an enrolled folder
 * once; `sync-once.ts --raw FOLDER URL …` downloads leases and inserts them into the same table of another
 * folder, and checks nothing. The seed of the node's key is in SEED. Prints `{ms, rows, checkedMs, peakMiB}`: a node
 * looks at what arrived among many once it is stored and can be redeemed.
 */
import { isComplete } from "#sync/node-sync.ts";
import { ed25519Key } from "#sync/signing/ed25519.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { createMachineClock, machineSleep } from "../../desktop/worker/machine.ts";
import { createNode } from "../../desktop/worker/node.ts";
import type { PaypostNode } from "../../desktop/worker/node.ts";
import { openStores } from "../../desktop/worker/open.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";

const isRaw = process.argv[2] === "--raw";
const [directory = "", ...addresses] = process.argv.slice(isRaw ? 3 : 2);
const opened = openStores({ directory, wallMs: () => Date.now() });
if (!opened.ok) throw new Error(`${directory} is in use`);
const { stores } = opened;
const begun = performance.now();
const node = await (isRaw ? downloadAndInsert(stores, addresses) : sync(stores, addresses[0] ?? ""));
const ms = performance.now() - begun;
await node?.checkArrived();
const checkedMs = performance.now() - begun - ms;
const counted = stores.database.prepare<[], { rows: bigint }>("select count(*) as rows from leases").get();
stores.close();
const peakMiB = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ ms, rows: Number(counted?.rows), checkedMs, peakMiB }));
// The time that a request may take keeps a process alive, also after its answer.
process.exit();

async function sync(till: NodeStores, serverUrl: string): Promise<PaypostNode> {
  const key = ed25519Key(new Uint8Array(Buffer.from(process.env["SEED"] ?? "", "hex")));
  const clock = createMachineClock();
  const node = createNode({
    stores: till,
    key,
    serverUrl,
    clock,
    randomBytes: webRandomBytes,
    sleep: machineSleep,
    fetch,
  });
  const report = await node.sync();
  if (!isComplete(report)) throw new Error(JSON.stringify(report));
  return node;
}

interface Message {
  readonly value?: Readonly<Record<string, string>>;
}

async function downloadAndInsert({ database }: NodeStores, urls: readonly string[]): Promise<undefined> {
  const insert = database.prepare(
    `insert into leases (load, serial, epoch_generation, epoch_n, not_after_ms, amount_minor, currency, sealed)
      values (1, ?, ?, ?, ?, 700, 'USD', ?)`,
  );
  for (const url of urls) {
    const messages = (await (await fetch(url)).json()) as Message[];
    database
      .transaction(() => {
        for (const { value } of messages) {
          if (!value) continue;
          const { serial, epoch_generation: generation, epoch_n: n, not_after: notAfter = "" } = value;
          const kept = Buffer.from(`${value["lease"]}${value["token"]}`);
          insert.run(serial, generation, n, Date.parse(notAfter), kept);
        }
      })
      .immediate();
  }
}
