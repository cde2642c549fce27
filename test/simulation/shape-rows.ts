/**
 * The rows that each node may read, as they were committed. The protocol that carries them has suites of its own
 * (`test/contracts/shape-source*`); here a node loads a whole shape at once, through its own checks and its own storage.
 */
import { toBase64 } from "#sync/base64.ts";
import type { ShapeName } from "#sync/ports/shape-storage.ts";
import type { ShapeRow } from "#sync/shapes/check-row.ts";
import type { LeaseRow } from "../../node-server/ports/store.ts";
import { writeSerialSet } from "../support/serial-set.ts";

type Rows = Map<string, Readonly<{ [column: string]: string }>>;

export class ShapeRows {
  readonly #rows = new Map<string, Rows>();
  /** Rows of `trust` that every node has. */
  readonly trust: Rows = new Map();
  denied: readonly bigint[] = [];

  putLease({ nodeId, serial, document }: LeaseRow, token: string): void {
    const row = { serial: serial.toString(), lease: toBase64(document), token };
    this.#of("leases", nodeId).set(serial.toString(), row);
  }

  recallLease(nodeId: string, serial: bigint, at: Date): void {
    const leases = this.#of("leases", nodeId);
    const row = leases.get(serial.toString());
    if (row) leases.set(serial.toString(), { ...row, recalled_at: at.toISOString() });
  }

  removeLease(nodeId: string, serial: bigint): void {
    this.#of("leases", nodeId).delete(serial.toString());
  }

  putVerdict(nodeId: string, sequence: number, list: Uint8Array): void {
    this.#of("verdicts", nodeId).set(String(sequence), { verdict_list: toBase64(list) });
  }

  /** The function brings back the rows as they are now. */
  backUp(): () => void {
    const kept = [...this.#rows].map(([key, rows]) => [key, [...rows]] as const);
    return () => {
      this.#rows.clear();
      for (const [key, rows] of kept) this.#rows.set(key, new Map(rows));
    };
  }

  read(name: ShapeName, nodeId: string): ShapeRow[] {
    const insert = ([key, value]: readonly [string, Readonly<{ [column: string]: string }>]): ShapeRow => ({
      key,
      operation: "insert",
      value,
    });
    if (name === "trust") return [...this.trust].map(insert);
    if (name === "denied" && this.denied.length > 0)
      return [insert(["0", { chunk: "0", serials: toBase64(writeSerialSet(this.denied)) }])];
    return [...this.#of(name, nodeId)].map(insert);
  }

  #of(name: ShapeName, nodeId: string): Rows {
    const key = `${name}:${nodeId}`;
    const rows = this.#rows.get(key) ?? new Map();
    this.#rows.set(key, rows);
    return rows;
  }
}
