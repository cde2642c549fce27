/** The first page: what happens in the whole programme, in a few numbers. */
import { z } from "zod";
import { readOverview } from "../../postgres/console/overview.ts";
import type { StateCount } from "../../postgres/console/overview.ts";
import { answered, read } from "../action.ts";
import { remembered } from "../remembered.ts";
import { count, moment, money, shownMoment, shownMoney } from "../shown.ts";

const silentHours = 24;

const state = z.object({ state: z.string(), quantity: count, amount: money });

/** The numbers go over every voucher, and every open page asks for them again and again. */
const recent = remembered(10, readOverview);

export const overviewActions = {
  overview: read({
    input: z.object({}),
    answer: z.object({
      silentHours: count,
      redeemed: z.array(z.object({ day: z.string(), quantity: count, amount: money })),
      unpaid: z.array(state),
      disputed: z.array(state),
      vouchers: z.array(state),
      waiting: z.object({ held: count, undelivered: count, alerts: count }),
      nodes: z.object({ active: count, stopped: count, silent: count }),
      silent: z.array(z.object({ id: z.string(), name: z.string(), lastContact: moment.nullable() })),
    }),
    async run({ pool }) {
      const { redeemed, unpaid, disputed, vouchers, waiting, nodes, silent } = await recent(
        pool,
        silentHours,
      );
      return answered({
        silentHours,
        redeemed: redeemed.map(({ day, quantity, ...sum }) => ({
          day,
          quantity: Number(quantity),
          amount: shownMoney(sum),
        })),
        unpaid: unpaid.map(shownState),
        disputed: disputed.map(shownState),
        vouchers: vouchers.map(shownState),
        waiting: {
          held: Number(waiting.held),
          undelivered: Number(waiting.undelivered),
          alerts: Number(waiting.alerts),
        },
        nodes: { active: Number(nodes.active), stopped: Number(nodes.stopped), silent: Number(nodes.silent) },
        silent: silent.map(({ id, name, lastContactAt }) => ({
          id,
          name,
          lastContact: shownMoment(lastContactAt),
        })),
      });
    },
  }),
};

function shownState({ state, quantity, ...sum }: StateCount) {
  return { state, quantity: Number(quantity), amount: shownMoney(sum) };
}
