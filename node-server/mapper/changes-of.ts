/** What an item of a request asks to be changed of its payee. */
import type { BeneficiaryChange } from "#core/beneficiary.ts";
import { modalities } from "#core/payee-addresses.ts";
import type { Modality } from "#core/payee-addresses.ts";
import type { MapperAction, MapperItem } from "../ports/mapper.ts";

export type ChangingAction = Extract<
  MapperAction,
  "register" | "update" | "add-address" | "update-address" | "unlink"
>;

export type ItemMistake = "unknown-modality" | "address-required";

/** Asked for without a modality, an address is that of a bank account, as the first generation of the API means it. */
const unnamed: Modality = "00";

export function changesOf(
  action: ChangingAction,
  item: MapperItem,
): readonly BeneficiaryChange[] | ItemMistake {
  const modality = item.modality === null ? undefined : modalities.find((known) => known === item.modality);
  if (item.modality !== null && modality === undefined) return "unknown-modality";
  switch (action) {
    case "register":
      return [{ type: "REGISTER", address: addressOf(item, modality) }, ...standingOf(item)];
    case "add-address": {
      const address = addressOf(item, modality);
      return address ? [{ type: "ADD_ADDRESS", address, prefer: item.prefer ?? false }] : "address-required";
    }
    case "update": {
      const standing = standingOf(item);
      const isAboutAddress = [item.modality, item.address, item.institutionCode, item.prefer].some(isGiven);
      return isAboutAddress || standing.length === 0
        ? [updateOf(item, modality, undefined), ...standing]
        : standing;
    }
    case "update-address":
      return [updateOf(item, modality, item.active ?? undefined)];
    case "unlink":
      // An address that is named must be the payee's; nothing of it is changed.
      return item.address === null
        ? [{ type: "UNLINK" }]
        : [
            updateOf({ ...item, replaces: item.address, prefer: false }, modality, undefined),
            { type: "UNLINK" },
          ];
  }
}

/** Undefined where the payee is registered without an address. */
function addressOf(item: MapperItem, modality: Modality | undefined) {
  if (item.address === null && modality === undefined) return null;
  const { institutionCode, address } = item;
  return { modality: modality ?? unnamed, institutionCode, address };
}

function updateOf(
  item: MapperItem,
  modality: Modality | undefined,
  active: boolean | undefined,
): BeneficiaryChange {
  return {
    type: "UPDATE_ADDRESS",
    update: {
      modality,
      active,
      institutionCode: item.institutionCode ?? undefined,
      address: item.address ?? undefined,
      replaces: item.replaces ?? undefined,
      prefer: item.prefer ?? undefined,
    },
  };
}

/** The activation status of the payee itself. */
function standingOf({ active }: MapperItem): BeneficiaryChange[] {
  if (active === null) return [];
  return [{ type: active ? "ACTIVATE" : "DEACTIVATE" }];
}

function isGiven(value: unknown): boolean {
  return value !== null;
}
