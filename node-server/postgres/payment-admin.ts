/** What operators set up for payments: FSPs and their liquidity, fees; and the payouts that are not known yet. */
import type { Pool } from "pg";
import type { Money } from "#core/money.ts";
import { accountId, fundFsp, settleFsp } from "../ledger/entries.ts";
import type { Store } from "../ports/store.ts";
import { operatorChange } from "./operator-change.ts";
import type { OperatorChange } from "./operator-change.ts";

/** Registers an FSP, or changes its name. */
export async function putFsp(pool: Pool, fsp: { readonly id: string; readonly name: string }): Promise<void> {
  const change: OperatorChange = {
    action: "fsp.put",
    subject: `fsp:${fsp.id}`,
    look: [`select jsonb_build_object('name', name) as seen from fsps where id = $1`, fsp.id],
  };
  await operatorChange(pool, change, (client) =>
    client.query(`insert into fsps (id, name) values ($1, $2) on conflict (id) do update set name = $2`, [
      fsp.id,
      fsp.name,
    ]),
  );
}

export interface GroupFee {
  readonly groupCode: string;
  readonly currency: string;
  readonly fixedMinor: bigint;
  /** Hundredths of a percent. */
  readonly basisPoints: number;
}

/** Sets what redemptions of a group cost merchants from now on; claims that are made already keep their fee. */
export async function putGroupFee(pool: Pool, fee: GroupFee): Promise<void> {
  const { groupCode, currency, fixedMinor, basisPoints } = fee;
  const change: OperatorChange = {
    action: "group.fee",
    subject: `group:${groupCode}`,
    look: [
      `select to_jsonb(fee) as seen from voucher_group_fees fee where group_code = $1 and currency = $2`,
      groupCode,
      currency,
    ],
  };
  await operatorChange(pool, change, (client) =>
    client.query(
      `insert into voucher_group_fees (group_code, currency, fixed_minor, basis_points) values ($1, $2, $3, $4)
       on conflict (group_code, currency) do update set fixed_minor = $3, basis_points = $4`,
      [groupCode, currency, fixedMinor, basisPoints],
    ),
  );
}

export type FspRefusal = "unknown-fsp" | "nothing-due" | "booked-before";

export type FspBooking =
  | { readonly ok: true; readonly money: Money }
  | { readonly ok: false; readonly refusal: FspRefusal };

/** Books liquidity that an FSP paid in, once for each reference. */
export function fundFspAccount(
  store: Store,
  deposit: { readonly fspId: string; readonly money: Money; readonly reference: string },
): Promise<FspBooking> {
  const { fspId, money, reference } = deposit;
  return store.transaction(async (tx) => {
    if (!(await tx.registry.fsp(fspId))) return { ok: false, refusal: "unknown-fsp" };
    if (!(await tx.ledger.post(fundFsp(reference, fspId, money))))
      return { ok: false, refusal: "booked-before" };
    await tx.audit.record({
      actor: "operator",
      action: "fsp.fund",
      subject: `fsp:${fspId}`,
      after: { amountMinor: String(money.amountMinor), currency: money.currency, reference },
    });
    return { ok: true, money };
  });
}

/** Makes all that is due to the FSP its liquidity again, once for each reference. */
export function settleFspDue(
  store: Store,
  settlement: {
    readonly fspId: string;
    readonly currency: string;
    readonly reference: string;
    readonly by: string;
  },
): Promise<FspBooking> {
  const { fspId, currency, reference, by } = settlement;
  return store.transaction(async (tx) => {
    if (!(await tx.registry.fsp(fspId))) return { ok: false, refusal: "unknown-fsp" };
    // Accounts are locked by id: the liquidity, which is going to grow, comes first.
    await tx.ledger.lockBalance(accountId({ kind: "fsp", owner: fspId, currency }));
    const amountMinor = await tx.ledger.lockBalance(accountId({ kind: "fspDue", owner: fspId, currency }));
    if (amountMinor === 0n) return { ok: false, refusal: "nothing-due" };
    const money = { amountMinor, currency };
    if (!(await tx.ledger.post(settleFsp(reference, fspId, money))))
      return { ok: false, refusal: "booked-before" };
    await tx.audit.record({
      actor: `operator:${by}`,
      action: "fsp.settle",
      subject: `fsp:${fspId}`,
      after: { amountMinor: String(amountMinor), currency, reference },
    });
    return { ok: true, money };
  });
}

export interface OpenPayout extends Money {
  readonly claimId: string;
  readonly serial: bigint;
  readonly merchantId: string;
  readonly state: string;
  readonly tries: number;
  /** Why the last try did not pay; null while nothing is known. */
  readonly reason: string | null;
  readonly since: Date;
}

/** Claims whose payout is not known to have ended, the oldest first; at most a thousand. */
export async function listOpenPayouts(pool: Pool): Promise<OpenPayout[]> {
  const { rows } = await pool.query<OpenPayout>(
    `select id as "claimId", voucher_serial as serial, merchant_id as "merchantId", state, tries,
       last_failure as reason, amount_minor as "amountMinor", currency, created_at as since
     from claims where state in ('claimed', 'unknown', 'owed') and merchant_id is not null order by created_at limit 1000`,
  );
  return rows;
}
