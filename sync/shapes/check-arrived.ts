/** Looks at leases that arrived among many, once they are stored: a row that fails is set aside, as if it had failed before. */
import type { ArrivedLease, LookedAt, ShapeStorage } from "../ports/shape-storage.ts";
import { checkKept } from "./check-row.ts";
import type { RowContext } from "./check-row.ts";

/** Ends when all were looked at, or when `pause`, which is called after some of them, says that it is to end. */
export async function checkArrived(
  storage: ShapeStorage,
  context: () => RowContext,
  pause: () => Promise<"go-on" | "end">,
): Promise<void> {
  for (let arrival = storage.nextArrival(); arrival; arrival = storage.nextArrival()) {
    const rowContext = context();
    const found = await Promise.all(arrival.leases.map((lease) => checkOne(lease, rowContext)));
    storage.settle(arrival, found.flat());
    if ((await pause()) === "end") return;
  }
}

async function checkOne(lease: ArrivedLease, context: RowContext): Promise<LookedAt[]> {
  const change = await checkKept("leases", lease, context);
  return change ? [{ lease, change }] : [];
}
