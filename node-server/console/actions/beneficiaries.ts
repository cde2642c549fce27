/**
 * Beneficiaries of the account mapper, masked: enough to recognise one that is known, and no address. What is sealed is shown
 * to who has asked for it and said why, once another has released it (`mapper/disclosures.ts`).
 */
import { z } from "zod";
import { maskAddress } from "#core/masked-address.ts";
import type { PayeeAddress } from "#core/payee-addresses.ts";
import { proposeDisclosure, showDisclosed } from "../../mapper/disclosures.ts";
import { disclosureList, payeeById, payeeList } from "../../postgres/console/payee-lists.ts";
import { answered, change, list, read, refused } from "../action.ts";
import { because, count, moment, shownMoment } from "../shown.ts";

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

const disclosure = z.object({
  id: z.string(),
  institution: z.string(),
  identity: z.string(),
  because: z.string(),
  proposedBy: z.string(),
  proposedAt: moment,
  /** `waiting`, `released`, `withdrawn`, or `over`: a day after it was released. */
  state: z.string(),
  endedBy: z.string().nullable(),
});

const payeeAddress = z.object({
  modality: z.string(),
  institution: z.string().nullable(),
  address: z.string().nullable(),
  active: z.boolean(),
});
const pastAddress = z.object({ at: moment, by: z.string(), address: payeeAddress.nullable() });

const id = z.string().regex(/^[1-9][0-9]{0,17}$/);

function shownAddress({ modality, institutionCode, address, active }: PayeeAddress) {
  return { modality, institution: institutionCode, address, active };
}

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
  disclosures: list(
    disclosureList,
    disclosure,
    ({ payeeIdentity, institutionId, proposedAt, ...row }) => ({
      ...row,
      id: String(row.id),
      institution: institutionId,
      identity: maskAddress(payeeIdentity),
      proposedAt: shownMoment(proposedAt),
    }),
    { audited: true },
  ),
  "disclosure.propose": change({
    input: z.object({ payee: id, because }),
    answer: z.object({ id: z.string() }),
    subject: ({ payee }) => `payee:${payee}`,
    async run({ pool, store, operator }, { payee, because }) {
      const found = await payeeById(pool, BigInt(payee));
      if (!found) return refused("no-such-payee");
      const outcome = await proposeDisclosure(store, found, { because, by: operator.name });
      return outcome.ok ? answered({ id: String(outcome.value) }) : refused(outcome.code);
    },
  }),
  "disclosure.show": read({
    input: z.object({ id }),
    answer: z.object({ addresses: z.array(payeeAddress), history: z.array(pastAddress) }),
    audited: true,
    async run({ store, operator }, { id }) {
      const outcome = await showDisclosed(store, BigInt(id), operator.name);
      if (!outcome.ok) return refused(outcome.code);
      const { payee, history } = outcome.value;
      return answered({
        addresses: payee.addresses.map(shownAddress),
        history: history.map(({ at, actor, touched }) => ({
          at: shownMoment(at),
          by: actor,
          address: touched ? shownAddress(touched) : null,
        })),
      });
    },
  }),
};
