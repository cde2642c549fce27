/** How a payee and its history read in the API. */
import type { PayeeAddress } from "#core/payee-addresses.ts";
import type { PayeeHistoryEntry, PayeeRow } from "../ports/mapper.ts";

/** `withAddresses`: an address is shown where the look-up is audited. */
export function shownPayee(payee: PayeeRow, withAddresses: boolean) {
  return {
    payeeIdentity: payee.payeeIdentity,
    status: payee.state === "active" ? "1" : "0",
    ...(payee.area === null ? {} : { area: payee.area }),
    ...(payee.programId === null ? {} : { programID: payee.programId }),
    changedAt: payee.changedAt.toISOString(),
    paymentModalities: payee.addresses.map((address) =>
      shownAddress(address, payee.preferred, withAddresses),
    ),
  };
}

export function shownHistory(payeeIdentity: string, entries: readonly PayeeHistoryEntry[]) {
  return {
    payeeIdentity,
    history: entries.map(({ version, at, actor, cause, change, state, preferred, touched }) => ({
      version,
      at: at.toISOString(),
      actor,
      cause,
      change,
      status: state,
      ...(touched ? { address: shownAddress(touched, preferred, true) } : {}),
    })),
  };
}

function shownAddress(address: PayeeAddress, preferred: number | null, withAddress: boolean) {
  return {
    paymentModality: address.modality,
    ...(address.institutionCode === null ? {} : { bankingInstitutionCode: address.institutionCode }),
    ...(withAddress && address.address !== null ? { financialAddress: address.address } : {}),
    status: address.active ? "1" : "0",
    preferred: address.n === preferred,
  };
}
