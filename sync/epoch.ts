/** Lease epochs: (generation, n). A later lease of a voucher, or one of a restored server, is another epoch. */
import type { Epoch } from "./documents/lease.ts";

export function sameEpoch(a: Epoch, b: Epoch): boolean {
  return a.generation === b.generation && a.n === b.n;
}
