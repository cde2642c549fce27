/** Which action each item of a voucher command asks for: by the command, or by the item's own status. */
import type { z } from "@hono/zod-openapi";
import { Problem } from "../middleware/problem.ts";
import { voucherActions } from "../ports/store.ts";
import type { VoucherAction, VoucherCommand } from "../ports/store.ts";
import type { CommandRequest } from "../vouchers/accept.ts";
import type { voucherCommandRequest } from "./voucher-schemas.ts";

/** Commands by the names that callers use; `reactivate` is a published alias. */
export const actionsByName: ReadonlyMap<string, VoucherAction> = new Map([
  ...voucherActions.map((action) => [action, action] as const),
  ["reactivate", "unsuspend"],
]);

/** Throws the 400 that names the item whose status is missing, unknown, or of another action than the command. */
export function itemsOf(
  command: VoucherCommand,
  body: z.infer<typeof voucherCommandRequest>,
): CommandRequest["items"] {
  return body.voucherInstructions.map(({ status, ...item }, index) => {
    const field = `voucherInstructions.${index}.status`;
    const refused = (reason: string) =>
      new Problem(400, `${field} ${reason}`, [{ field, reason }], body.requestID);
    if (command === "update") {
      const action = status === undefined ? undefined : actionsByStatus.get(status);
      if (!action) throw refused("must be 02 (activate), 03 (cancel) or 06 (suspend) without a command");
      return { ...item, action };
    }
    if (status !== undefined && status !== statusAfter[command])
      throw refused(`must be ${statusAfter[command]} or left out with the command ${command}`);
    return { ...item, action: command };
  });
}

const actionsByStatus: ReadonlyMap<string, VoucherAction> = new Map([
  ["02", "activate"],
  ["03", "cancel"],
  ["06", "suspend"],
]);

/** The status that an action leaves a voucher in, as the contract numbers it. */
const statusAfter: Readonly<Record<VoucherAction, string>> = {
  activate: "02",
  unsuspend: "02",
  cancel: "03",
  suspend: "06",
  block: "06",
  purge: "09",
};
