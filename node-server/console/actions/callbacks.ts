/** Callbacks to callers, and sending one again. */
import { z } from "zod";
import { resendCallbacks } from "../../postgres/callback-admin.ts";
import { callbackList } from "../../postgres/console/other-lists.ts";
import { answered, change, list, refused } from "../action.ts";
import { count, moment, shownMoment } from "../shown.ts";

const shown = z.object({
  id: z.string(),
  institution: z.string(),
  kind: z.string(),
  url: z.string(),
  state: z.string(),
  tries: count,
  requestedAt: moment,
  lastTriedAt: moment.nullable(),
  lastError: z.string().nullable(),
});

export const callbackActions = {
  callbacks: list(callbackList, shown, ({ id, institutionId, requestedAt, lastTriedAt, ...row }) => ({
    ...row,
    id: String(id),
    institution: institutionId,
    requestedAt: shownMoment(requestedAt),
    lastTriedAt: shownMoment(lastTriedAt),
  })),
  "callback.resend": change({
    input: z.object({ id: z.string().regex(/^[0-9]{1,18}$/) }),
    answer: z.object({}),
    subject: ({ id }) => `callback:${id}`,
    async run({ pool, operator }, { id }) {
      const sent = await resendCallbacks(pool, { id: BigInt(id) }, operator.name);
      return sent === 1 ? answered({}) : refused("no-such-callback");
    },
  }),
};
