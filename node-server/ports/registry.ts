/**
 * What is registered: institutions, voucher groups, merchants, and on which terms they are paid. Part of `./store.ts`,
 * which everybody imports.
 */

export interface InstitutionRow {
  readonly id: string;
  readonly name: string;
  readonly callbackBaseUrl: string | null;
  readonly callbackMethod: "POST" | "PUT";
  /** `phee`: its requests are acknowledged with 202. */
  readonly profile: "govstack" | "phee";
  readonly boxPublicKey: Uint8Array | null;
}

export interface VoucherGroupRow {
  readonly code: string;
  readonly name: string;
  /** From activation. */
  readonly validityDays: number;
  /** How long a pre-activated voucher keeps its funding reserved. */
  readonly reservationDays: number;
  /** May be redeemed without a lease, within a policy's limits; lease-only otherwise. Never changes. */
  readonly atRisk: boolean;
}

export interface MerchantRow {
  readonly id: string;
  readonly name: string;
  readonly status: "active" | "closed";
  /** Where its FSP keeps its money, as the FSP writes it. */
  readonly account: string | null;
}

export interface MerchantContact {
  readonly area: string | null;
  readonly phone: string | null;
}

/** What an institution may do beyond the ordinary; each is granted by one person and approved by another. */
export type Permission = "override";

export interface PaymentTerms {
  readonly fspId: string | null;
  /** In the currency that was asked for. */
  readonly feeFixedMinor: bigint;
  readonly feeBasisPoints: number;
}

export interface RegistryRows {
  institution(id: string): Promise<InstitutionRow | undefined>;
  /** The institution registered under that name; undefined where there is none, or more than one. */
  institutionByName(name: string): Promise<InstitutionRow | undefined>;
  /** Ed25519: verifies an institution's G2P Connect messages; undefined where it does not sign them. */
  signingKey(institutionId: string): Promise<Uint8Array | undefined>;
  /** The institution that a client of X-Road is, and what it may do. */
  xRoadClient(
    client: string,
  ): Promise<{ readonly institutionId: string; readonly scopes: readonly string[] } | undefined>;
  /** A voucher group by its code or its name. */
  voucherGroup(codeOrName: string): Promise<VoucherGroupRow | undefined>;
  merchant(id: string): Promise<MerchantRow | undefined>;
  fsp(id: string): Promise<{ readonly id: string; readonly name: string } | undefined>;
  /** Where the merchant is and can be called, as far as that was registered. */
  contact(merchantId: string): Promise<MerchantContact>;
  /** Whether one of the merchant's groups may redeem vouchers of the group. */
  accepts(merchantId: string, groupCode: string): Promise<boolean>;
  /** How the merchant is paid for a voucher of the group, and what that costs it. */
  paymentTerms(merchantId: string, groupCode: string, currency: string): Promise<PaymentTerms>;
  /**
   * The same for a group that the caller names: the voucher's, or the merchant's own that accepts it, by code or name;
   * null names none.
   */
  acceptsAs(merchantId: string, groupCode: string, named: string | null): Promise<boolean>;
  /** Merchants of that name whose provider (by id or name) or account the bank details are. */
  merchantsByName(name: string, bankDetails: string): Promise<MerchantRow[]>;
  /** Whether two people granted it. */
  hasPermission(institutionId: string, permission: Permission): Promise<boolean>;
  /** The database's generation, raised by each restore. */
  generation(): Promise<number>;
}
