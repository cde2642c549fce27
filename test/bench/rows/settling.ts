/**
 * Signed operations settled over HTTP by eight nodes at once, in batches of a hundred, beside the lesser of two
 * limits: native Ed25519 verifications on all cores, and the SQL of the same batches straight through the
 * driver, a connection for each node.
 */
import { readDocument } from "#sync/signing/cose.ts";
import type { BenchKeys } from "../bed.ts";
import { receiveUpload } from "../../../node-server/operations/receive.ts";
import { ledgerGateway } from "../../../node-server/payments/ledger-gateway.ts";
import type { BareNode, SignedOperation } from "../../support/bare-node.ts";
import { withBed } from "../bed.ts";
import type { Bed } from "../bed.ts";
import { plantVouchers } from "../plant.ts";
import { redeemOverHttp } from "../redeeming.ts";
import { copyDatabase, recordAll, replayLanes } from "../replay.ts";
import type { Transcript } from "../replay.ts";
import type { BenchRow } from "../row.ts";
import type { Sizes } from "../sizes.ts";
import { batchSize, enrolNodes, signBatches, uploadAll } from "../uploading.ts";
import type { NodesBatches } from "../uploading.ts";
import { nativeVerifications } from "../verifications.ts";

export const settling: BenchRow = {
  name: "settling",
  comparedWith: "native verifications on all cores, the SQL alone, and online redemptions",
  run: (sizes) => withBed((bed) => measure(bed, sizes)),
};

async function measure(bed: Bed, { uploadingNodes, batches, redemptions, signatures }: Sizes) {
  const keys = bed.keys;
  const nodes = await bed.withServer(() => enrolNodes(bed, uploadingNodes));
  const [work, vouchers] = await bed.withDatabase(async (client) => [
    await signBatches(client, keys, nodes, 1 + batches),
    await plantVouchers(client, keys, redemptions),
  ]);
  const copies = await copyDatabase(bed.databaseUrl, ["recorded", "replayed"]);
  const [ours, online] = await bed.withServer(async () => [
    await uploadAll(work),
    await redeemOverHttp(bed, vouchers, Math.ceil(redemptions / 15)),
  ]);
  const { rate: sql, statements } = await sqlAlone(keys, copies, work);
  const verifications = await nativeVerifications(signatures);
  const onlineRate = online.took.length / online.seconds;
  return [
    { what: "native verifications", ours: verifications, raw: null, unit: "/s", goal: null },
    { what: "SQL statements of an operation", ours: statements, raw: null, unit: "", goal: null },
    { what: "operations by the SQL alone", ours: sql, raw: null, unit: "/s", goal: null },
    {
      what: "operations settled a second, beside the lesser",
      ours,
      raw: Math.min(sql, verifications),
      unit: "/s",
      goal: { atLeast: 0.6 },
    },
    {
      what: "operations settled a second, beside online redemptions",
      ours,
      raw: onlineRate,
      unit: "/s",
      goal: { atLeast: 4 },
    },
  ];
}

/** Operations a second of the recorded statements, and how many each needs; a node's first batch warms up. */
async function sqlAlone(
  keys: BenchKeys,
  [recorded, replayed]: readonly [string, string],
  work: readonly NodesBatches[],
): Promise<{ readonly rate: number; readonly statements: number }> {
  const transcripts = await recordAll(recorded, ({ store }) => {
    const deps = { store, gateway: ledgerGateway, context: contextOf(keys) };
    return work.flatMap(({ node, batches }) => batches.map((batch) => () => receive(deps, node, batch)));
  });
  const statements =
    transcripts.reduce((sum, { length }) => sum + length, 0) / (transcripts.length * batchSize);
  const lanes = work.map(({ batches }) => transcripts.splice(0, batches.length));
  const warmUps = lanes.map((lane) => lane.splice(0, 1));
  const lanesOf = (some: readonly Transcript[][]) => some.map((lane) => () => lane.shift());
  await replayLanes(replayed, lanesOf(warmUps));
  const count = lanes.flat().length * batchSize;
  const begun = performance.now();
  await replayLanes(replayed, lanesOf(lanes));
  return { rate: count / ((performance.now() - begun) / 1000), statements };
}

async function receive(
  deps: Parameters<typeof receiveUpload>[0],
  { identity }: BareNode,
  operations: readonly SignedOperation[],
): Promise<void> {
  const answer = await receiveUpload(deps, identity.nodeId, {
    lastSequence: null,
    evidence: null,
    wallMs: Date.now(),
    generation: identity.generation,
    afterSequence: (operations[0]?.sequence ?? 1) - 1,
    afterHash: identity.certificateHash,
    operations: operations.map((each) => ({ ...each, document: readDocument("operation", each.signed) })),
  });
  if (!answer.ok) throw new Error(JSON.stringify(answer.refusal));
}

function contextOf({ boxKeys, indexKey, ring }: BenchKeys) {
  return {
    boxKeys,
    indexKey,
    verdictSigner: ring.signers["verdict-list"],
    trusted: ring.trusted,
    isPassing: () => true,
    onFailure: (error: unknown) => {
      throw error;
    },
  };
}
