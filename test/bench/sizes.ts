/** How much each row of the benchmark works through. `--part 0.01` runs it with a hundredth, to try a row out. */
export interface Sizes {
  /** Redemptions over HTTP that are measured. */
  readonly redemptions: number;
  /** Redemptions on a till without a connection that are measured. */
  readonly offlineRedemptions: number;
  /** Nodes that upload at once, and the batches of a hundred operations that each uploads. */
  readonly uploadingNodes: number;
  readonly batches: number;
  readonly signatures: number;
  /** Leases of a node that reads them for the first time. */
  readonly leases: number;
  /** Changes that it catches up with. */
  readonly changes: number;
  /** Nodes that wait for a change at once, and for how long. */
  readonly waitingNodes: number;
  readonly fanOutSeconds: number;
  /** Vouchers that are made. */
  readonly creations: number;
  /** Those that a running server is asked for over HTTP. */
  readonly requested: number;
  /** Numbers whose verifiers are made, to learn what one costs. */
  readonly verifiers: number;
  /** Vouchers of each step of `growth`. */
  readonly growth: readonly number[];
  readonly payees: number;
  readonly lookUps: number;
  /** Rows of each of the tables that only grow. */
  readonly oldRows: number;
  /** Rows of each table that is then partitioned. */
  readonly partitionedRows: number;
  /** Vouchers on the till and the server that are started. */
  readonly started: number;
  readonly tillOperations: number;
  readonly idleSeconds: number;
  readonly overloadSeconds: number;
}

export const fullSizes: Sizes = {
  redemptions: 1400,
  offlineRedemptions: 400,
  uploadingNodes: 8,
  batches: 4,
  signatures: 20_000,
  leases: 100_000,
  changes: 10_000,
  waitingNodes: 200,
  fanOutSeconds: 30,
  creations: 100_000,
  requested: 10_000,
  verifiers: 4000,
  growth: [10_000, 100_000, 1_000_000],
  payees: 1_000_000,
  lookUps: 5000,
  oldRows: 10_000_000,
  partitionedRows: 3_000_000,
  started: 100_000,
  tillOperations: 20_000,
  idleSeconds: 65,
  overloadSeconds: 20,
};

/** Each number times `part`, rounded up. */
export function partOf(sizes: Sizes, part: number): Sizes {
  const some = (size: number) => Math.ceil(size * part);
  return Object.fromEntries(
    Object.entries(sizes).map(([name, size]: [string, number | readonly number[]]) => [
      name,
      typeof size === "number" ? some(size) : size.map(some),
    ]),
  ) as unknown as Sizes;
}
