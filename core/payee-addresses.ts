/**
 * The addresses of a payee and which of them is preferred (GovStack Payments BB, account mapper: several modalities and
 * addresses with one preferred). Rule B1 of `./beneficiary.machine.ts` is kept here.
 */

export const modalities = ["00", "01", "02", "03", "04"] as const;

/** 00 bank account, 01 mobile money, 02 voucher, 03 digital wallet, 04 proxy. */
export type Modality = (typeof modalities)[number];

/** Where a payee is paid. A voucher needs no address. */
export interface AddressFields {
  readonly modality: Modality;
  readonly institutionCode: string | null;
  readonly address: string | null;
}

export interface PayeeAddress extends AddressFields {
  /** Counts from 1 within the payee, and is never used again. */
  readonly n: number;
  readonly active: boolean;
}

export interface PayeeAddresses {
  /** The `n` of one of them; null where there are none. */
  readonly preferred: number | null;
  /** In the order in which they were added. */
  readonly addresses: readonly PayeeAddress[];
}

export const mostAddresses = 20;

export type AddressRefusal =
  | "address-exists"
  | "address-required"
  | "no-such-address"
  | "several-addresses"
  | "too-many-addresses"
  | "preferred-stays"
  | "address-inactive";

export type AddressDecision =
  /** `touched`: the address that was added or changed; undefined where nothing is different now. */
  | { readonly ok: true; readonly next: PayeeAddresses; readonly touched: PayeeAddress | undefined }
  | { readonly ok: false; readonly refusal: AddressRefusal };

export const noAddresses: PayeeAddresses = { preferred: null, addresses: [] };

/** `lastN`: the highest number that the payee has ever used. Where no usable address is preferred, the new one is. */
export function addAddress(
  current: PayeeAddresses,
  fields: AddressFields,
  lastN: number,
  prefer: boolean,
): AddressDecision {
  if (fields.address === null && fields.modality !== "02") return refused("address-required");
  if (current.addresses.some((known) => isSame(known, fields))) return refused("address-exists");
  if (current.addresses.length >= mostAddresses) return refused("too-many-addresses");
  const { modality, institutionCode, address } = fields;
  const added = { n: lastN + 1, modality, institutionCode, address, active: true };
  return {
    ok: true,
    next: {
      preferred: prefer || !isUsable(current) ? added.n : current.preferred,
      addresses: [...current.addresses, added],
    },
    touched: added,
  };
}

export interface AddressUpdate {
  /** Undefined is that of the preferred address, or a bank account where there is none. */
  readonly modality?: Modality | undefined;
  /** Undefined leaves it as it is; so does a missing address. */
  readonly institutionCode?: string | undefined;
  readonly address?: string | undefined;
  /** The address that is to be replaced, where the payee has several of the modality. */
  readonly replaces?: string | undefined;
  readonly active?: boolean | undefined;
  /** What is updated becomes the preferred address unless this is false, or it is deactivated. */
  readonly prefer?: boolean | undefined;
}

/**
 * Changes the one address that is meant: the one that is named by `replaces`, else the one that already reads so, else
 * the only one of the modality (and institution). Where the payee has none of the modality, it is added.
 */
export function updateAddress(
  current: PayeeAddresses,
  update: AddressUpdate,
  lastN: number,
): AddressDecision {
  const preferred = current.addresses.find(({ n }) => n === current.preferred);
  const modality = update.modality ?? preferred?.modality ?? "00";
  const found = addressMeant(current.addresses, modality, update);
  if (found === "several") return refused("several-addresses");
  if (!found) {
    if (update.replaces !== undefined || update.active === false) return refused("no-such-address");
    const { institutionCode = null, address = null } = update;
    return addAddress(current, { modality, institutionCode, address }, lastN, update.prefer ?? true);
  }
  const changed: PayeeAddress = {
    ...found,
    institutionCode: update.institutionCode ?? found.institutionCode,
    address: update.address ?? found.address,
    active: update.active ?? found.active,
  };
  if (current.addresses.some((other) => other.n !== found.n && isSame(other, changed)))
    return refused("address-exists");
  const isWanted = changed.active && !isUsable(without(current, found));
  return place(current, found, changed, update.prefer ?? changed.active, isWanted);
}

function place(
  current: PayeeAddresses,
  before: PayeeAddress,
  changed: PayeeAddress,
  prefer: boolean,
  isWanted: boolean,
): AddressDecision {
  if (prefer && !changed.active) return refused("address-inactive");
  const isPreferred = current.preferred === before.n;
  const hasOther = current.addresses.some((other) => other.n !== before.n && other.active);
  // Who is paid where is never changed by the way: another address has to be preferred first.
  if (isPreferred && before.active && !changed.active && hasOther) return refused("preferred-stays");
  const preferred = prefer || isWanted ? changed.n : current.preferred;
  const isUnchanged =
    preferred === current.preferred && isSame(before, changed) && before.active === changed.active;
  return {
    ok: true,
    next: {
      preferred,
      addresses: current.addresses.map((other) => (other.n === changed.n ? changed : other)),
    },
    touched: isUnchanged ? undefined : changed,
  };
}

function addressMeant(
  addresses: readonly PayeeAddress[],
  modality: Modality,
  { institutionCode, address, replaces }: AddressUpdate,
): PayeeAddress | "several" | undefined {
  const ofModality = addresses.filter((known) => known.modality === modality);
  const named = replaces ?? address;
  const same = ofModality.filter((known) => named !== undefined && known.address === named);
  if (replaces !== undefined || same.length > 0) return only(same, institutionCode);
  return only(ofModality, institutionCode);
}

/** The institution tells apart what is several otherwise; a single address may be moved to another institution. */
function only(
  candidates: readonly PayeeAddress[],
  institutionCode: string | undefined,
): PayeeAddress | "several" | undefined {
  const there = candidates.filter((known) => known.institutionCode === institutionCode);
  const meant = institutionCode !== undefined && candidates.length > 1 ? there : candidates;
  return meant.length > 1 ? "several" : meant[0];
}

/** Whether the preferred address may be paid to. */
function isUsable({ preferred, addresses }: PayeeAddresses): boolean {
  return addresses.some((address) => address.n === preferred && address.active);
}

function without(current: PayeeAddresses, address: PayeeAddress): PayeeAddresses {
  return { ...current, addresses: current.addresses.filter(({ n }) => n !== address.n) };
}

function isSame(one: AddressFields, other: AddressFields): boolean {
  return (
    one.modality === other.modality &&
    one.institutionCode === other.institutionCode &&
    one.address === other.address
  );
}

function refused(refusal: AddressRefusal): AddressDecision {
  return { ok: false, refusal };
}
