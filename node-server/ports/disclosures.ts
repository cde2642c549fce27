/** What the disclosure of a payee's addresses to operators needs of the database. */

export interface DisclosureRow {
  readonly id: bigint;
  readonly payee: bigint;
  readonly institutionId: string;
  readonly payeeIdentity: string;
  readonly because: string;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly outcome: "released" | "withdrawn" | null;
  readonly endedBy: string | null;
  readonly endedAt: Date | null;
}

export interface DisclosureRows {
  propose(payee: bigint, because: string, by: string): Promise<bigint>;
  lock(id: bigint): Promise<DisclosureRow | undefined>;
  end(id: bigint, outcome: "released" | "withdrawn", by: string): Promise<void>;
  /** Those that wait, and those that were released since. */
  list(since: Date): Promise<DisclosureRow[]>;
}
