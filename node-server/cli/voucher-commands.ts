/** Commands about one voucher. */
import { formatSerial, parseSerial } from "#core/voucher-number.ts";
import { changeByOperator, operatorVoucherActions } from "../vouchers/operator-change.ts";
import type { OperatorVoucherAction } from "../vouchers/operator-change.ts";
import { done, nameOf, option, UsageError, words } from "./command.ts";
import type { Command } from "./command.ts";

const summaries: Readonly<Record<OperatorVoucherAction, string>> = {
  suspend:
    "let a voucher be redeemed no more until that is taken back; one that is out on a lease, when that ends",
  unsuspend: "take the suspension of a voucher back",
  cancel: "end a voucher that is not redeemed; its funding is free again",
};

export const voucherCommands: readonly (readonly [string, Command])[] = operatorVoucherActions.map(
  (action) => [
    `voucher ${action}`,
    {
      database: true,
      usage: `voucher ${action} SERIAL --because TEXT --by NAME`,
      summary: summaries[action],
      async run({ asServer }, args, options) {
        const [text] = words(this.usage, args, 1);
        const because = option(options, "because")?.trim();
        const serial = parseSerial(text);
        if (!because) throw new UsageError(`Usage: paypost ${this.usage}`);
        if (serial === undefined) throw new UsageError(`${text} is no serial`);
        const by = nameOf(this.usage, options);
        const changed = await asServer(({ store }) =>
          changeByOperator(store, { serial, action, because, by }),
        );
        if (!changed.ok) throw new UsageError(`The voucher cannot take this now: ${changed.refusal}`);
        const state =
          changed.pending === null ? changed.state : `${changed.state}, ${changed.pending} pending`;
        return done(`Voucher ${formatSerial(serial)} is ${state}.`, { serial, ...changed });
      },
    },
  ],
);
