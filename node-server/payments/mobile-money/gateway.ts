/**
 * Mobile money over the GSMA Mobile Money API 1.1.2. The idempotency key of a credit is its `X-CorrelationID`: a provider
 * carries out one request for it, and finds that request again by it.
 */
import { formatMajor } from "#core/money.ts";
import type { Money } from "#core/money.ts";
import type { AskedOutcome } from "../carrier.ts";
import type { PaymentGateway, Payout, PayoutOutcome } from "../gateway.ts";
import { call, errorObject, responseLink } from "./call.ts";
import type { Answer, ProviderAccess } from "./call.ts";
import { outcomeOfCreation, outcomeOfState, outcomeOfTransaction } from "./outcomes.ts";

export interface AccountIdentifier {
  readonly key: string;
  readonly value: string;
}

export interface MobileMoneyOptions extends ProviderAccess {
  /** The account that we pay out of and collect into. */
  readonly ownAccount: readonly AccountIdentifier[];
}

/** A payment to us: what `Payout` is the other way round. */
export interface Collection {
  readonly idempotencyKey: string;
  readonly account: readonly AccountIdentifier[];
  readonly money: Money;
  readonly narration?: string;
}

export interface MobileMoney extends PaymentGateway {
  /** Takes money from a customer's account, once for the key. */
  debit(collection: Collection): Promise<PayoutOutcome>;
  /** Takes a transaction back, by the provider's reference of it, once for the key. */
  reverse(idempotencyKey: string, reference: string): Promise<PayoutOutcome>;
}

export function createMobileMoney(options: MobileMoneyOptions): MobileMoney {
  const create = async (path: string, key: string, body: Readonly<Record<string, unknown>>) =>
    heard(outcomeOfCreation(await call(options, "POST", path, key, body)));
  return {
    isExternal: true,
    credit: (payout) =>
      create("/transactions/type/disbursement", payout.idempotencyKey, {
        ...amountOf(payout.money),
        debitParty: options.ownAccount,
        creditParty: [partyOf(payout)],
        ...texts(payout.idempotencyKey, payout.narration),
      }),
    debit: ({ idempotencyKey, account, money, narration }) =>
      create("/transactions/type/merchantpay", idempotencyKey, {
        ...amountOf(money),
        debitParty: account,
        creditParty: options.ownAccount,
        ...texts(idempotencyKey, narration),
      }),
    reverse: (idempotencyKey, reference) =>
      create(`/transactions/${encodeURIComponent(reference)}/reversals`, idempotencyKey, {
        type: "reversal",
        ...texts(idempotencyKey),
      }),
    outcomeOf: (payout) => ask(options, payout),
  };
}

/** The provider's reference of an asynchronous request is asked first; the correlation id finds whatever there is. */
async function ask(options: MobileMoneyOptions, payout: Payout): Promise<AskedOutcome> {
  const { idempotencyKey: key, reference } = payout;
  if (reference !== undefined) {
    const answer = await call(options, "GET", `/requeststates/${encodeURIComponent(reference)}`, key);
    const state = answer.status === 200 ? outcomeOfState(answer.body) : undefined;
    if (state?.isPending === true || state?.outcome === "failed") return state;
    if (state?.objectReference !== undefined) return look(options, key, state.objectReference);
  }
  const found = await call(options, "GET", `/responses/${encodeURIComponent(key)}`, key);
  if (isNowhere(found)) return reference === undefined ? { outcome: "not-received" } : unknown;
  const link = responseLink.safeParse(found.body);
  return found.status === 200 && link.success ? follow(options, key, link.data.link) : unknown;
}

const unknown = { outcome: "unknown" } as const;

/** The standard's own word that there is no such request; any other 404 may come from anywhere. */
function isNowhere({ status, body }: Answer): boolean {
  const error = errorObject.safeParse(body);
  return status === 404 && error.success && error.data.errorCategory === "identification";
}

/** A link to a transaction, or to an asynchronous request that has no transaction yet. */
async function follow(options: MobileMoneyOptions, key: string, link: string): Promise<AskedOutcome> {
  const match = /\/(transactions|requeststates)\/([^/?#]+)$/.exec(link);
  const [, kind, reference] = match ?? [];
  if (reference === undefined) return unknown;
  if (kind === "transactions") return look(options, key, decodeURIComponent(reference));
  const answer = await call(options, "GET", `/requeststates/${reference}`, key);
  if (answer.status !== 200) return unknown;
  const state = outcomeOfState(answer.body);
  return state.objectReference === undefined ? state : look(options, key, state.objectReference);
}

async function look(options: MobileMoneyOptions, key: string, reference: string): Promise<AskedOutcome> {
  const answer = await call(options, "GET", `/transactions/${encodeURIComponent(reference)}`, key);
  return answer.status === 200 ? outcomeOfTransaction(answer.body) : unknown;
}

function heard(outcome: AskedOutcome): PayoutOutcome {
  return outcome.outcome === "not-received" ? unknown : outcome;
}

function amountOf(money: Money) {
  return { amount: formatMajor(money), currency: money.currency };
}

function texts(key: string, narration?: string) {
  return {
    requestingOrganisationTransactionReference: key,
    ...(narration ? { descriptionText: narration } : {}),
  };
}

function partyOf({ account, accountKind, payeeId }: Payout): AccountIdentifier {
  if (account === null) throw new Error(`no account of ${payeeId} is known`);
  return { key: accountKind === "msisdn" ? "msisdn" : "accountid", value: account };
}
