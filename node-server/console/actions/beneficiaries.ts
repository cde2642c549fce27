/** Beneficiaries of the account mapper, masked: enough to recognise one that is known, and no address. */
import { z } from "zod";
import { maskAddress } from "#core/masked-address.ts";
import { payeeList } from "../../postgres/console/other-lists.ts";
import { list } from "../action.ts";
import { count, moment, shownMoment } from "../shown.ts";

const shown = z.object({
  id: z.string(),
  identity: z.string(),
  institution: z.string(),
  programme: z.string().nullable(),
  area: z.string().nullable(),
  state: z.string(),
  addresses: count,
  changedAt: moment,
});

export const beneficiaryActions = {
  beneficiaries: list(
    payeeList,
    shown,
    ({ id, payeeIdentity, institutionId, programId, addresses, changedAt, ...row }) => ({
      ...row,
      id: String(id),
      identity: maskAddress(payeeIdentity),
      institution: institutionId,
      programme: programId,
      addresses: Number(addresses),
      changedAt: shownMoment(changedAt),
    }),
    { audited: true },
  ),
};
