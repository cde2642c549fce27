/**
 * What a node costs on the line, heads and bodies in both directions: a redemption of a batch of a hundred, an
 * hour of a node that has nothing to do and asks at the interval of a metered link, and the same hour of one
 * that follows live.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isComplete, meteredPauseMs } from "#sync/node-sync.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import { upload } from "#sync/upload.ts";
import { createNativeScrypt } from "../../../node-server/vouchers/native-scrypt.ts";
import { createMachineClock, machineSleep } from "../../../desktop/worker/machine.ts";
import { createNode } from "../../../desktop/worker/node.ts";
import type { PaypostNode } from "../../../desktop/worker/node.ts";
import { enrolFiles, uploadPartsOf } from "../../support/enrol-files.ts";
import { createLink } from "../../support/link.ts";
import type { Link } from "../../support/link.ts";
import { merchants, withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { plantVouchers } from "../plant.ts";
import type { BenchRow, Figure } from "../row.ts";
import type { Sizes } from "../sizes.ts";
import { batchSize } from "../uploading.ts";

const hourMs = 3_600_000;
/** After its first sync a node that follows is at rest. */
const settleMs = 2000;

export const wire: BenchRow = {
  name: "wire",
  comparedWith: "bounds of the bytes alone",
  run: (sizes) => withBed((bed) => bed.withServer(() => measure(bed, sizes))),
};

async function measure(bed: Bed, { idleSeconds }: Sizes): Promise<readonly Figure[]> {
  const keys = bed.keys;
  const link = await createLink(bed.url);
  const clock = createMachineClock();
  const network = { fetch, randomBytes: webRandomBytes };
  const files = await enrolFiles({
    directory: join(bed.folder, "till"),
    serverUrl: link.url,
    code: await bed.enrolmentCode(merchants[0] ?? ""),
    wallMs: clock.wallMs,
    ...network,
  });
  const { stores, nodeId, key } = files;
  /** With no session yet, as after a quarter of an hour. */
  const newNode = () =>
    createNode({ stores, key, serverUrl: link.url, clock, sleep: machineSleep, ...network });
  const options = { nodeId, scrypt: createNativeScrypt() };
  const vouchers = await bed.withDatabase((client) => plantVouchers(client, keys, batchSize, options));
  const node = newNode();
  await syncBytes(link, node);
  for (const { serialNumber, number } of vouchers) {
    const outcome = await node.redeem({ serial: BigInt(serialNumber), number, actor: "Ann", offline: true });
    if (outcome.kind !== "accepted") throw new Error(`voucher ${serialNumber}: ${outcome.kind}`);
  }
  bytesOf(link);
  const report = await upload(uploadPartsOf(files, { baseUrl: link.url, fetch }, clock));
  const uploaded = bytesOf(link);
  if (report.applied !== batchSize) throw new Error(JSON.stringify(report.problem));
  await syncBytes(link, node);
  const polled = await syncBytes(link, newNode());
  const live = await followedBytes(link, newNode(), idleSeconds);
  stores.close();
  await link.cut();
  const kilobytesAnHour = (bytes: number, ms: number) => (bytes * hourMs) / ms / 1000;
  return [
    { what: "an operation", ours: uploaded / batchSize, raw: null, unit: "bytes", goal: { atMost: 300 } },
    {
      what: "an idle hour, asking at the interval",
      ours: kilobytesAnHour(polled, meteredPauseMs),
      raw: null,
      unit: "kB",
      goal: { atMost: 100 },
    },
    {
      what: "an idle hour, live",
      ours: kilobytesAnHour(live, idleSeconds * 1000),
      raw: null,
      unit: "kB",
      goal: null,
    },
  ];
}

function bytesOf(link: Link): number {
  const { toServer, toNode } = link.bytesSince();
  return toServer + toNode;
}

async function syncBytes(link: Link, node: PaypostNode): Promise<number> {
  bytesOf(link);
  const report = await node.sync();
  if (!isComplete(report)) throw new Error(JSON.stringify(report));
  return bytesOf(link);
}

async function followedBytes(link: Link, node: PaypostNode, seconds: number): Promise<number> {
  const ended = new AbortController();
  const synced = Promise.withResolvers<void>();
  const following = node.follow(ended.signal, () => synced.resolve());
  await synced.promise;
  await delay(settleMs);
  bytesOf(link);
  await delay(seconds * 1000);
  const bytes = bytesOf(link);
  ended.abort();
  await following;
  return bytes;
}
