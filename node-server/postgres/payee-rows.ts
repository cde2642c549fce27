/** Payees, their addresses and their history. Addresses are sealed on the way in and opened on the way out, here only. */
import { sql } from "kysely";
import type { BeneficiaryState } from "#core/beneficiary.machine.ts";
import type { BeneficiaryStep } from "#core/beneficiary.ts";
import type { Modality, PayeeAddress } from "#core/payee-addresses.ts";
import type { AddressOwner, Addresses } from "../addresses.ts";
import type { PayeeCause, PayeeRow, PayeeRows, PayeeWrite } from "../ports/mapper.ts";
import { projectPayees } from "./payee-projection.ts";
import type { Trx } from "./rows.ts";

export function payeeRows(trx: Trx, tokens: Addresses): PayeeRows {
  const findAll: PayeeRows["findAll"] = async (institutionId, identities) => {
    const found = await select(
      trx,
      tokens,
      sql`p.institution_id = ${institutionId}
      and p.payee_identity = any(${identities}::text[])`,
    );
    return new Map(found.map((row) => [row.payeeIdentity, row]));
  };
  const byIds = (ids: readonly bigint[]) => select(trx, tokens, sql`p.id = any(${ids}::bigint[])`);
  return {
    findAll,
    find: async (institutionId, identity) => (await findAll(institutionId, [identity])).get(identity),
    withAny: (institutionIds, identities) =>
      select(
        trx,
        tokens,
        sql`p.institution_id = any(${institutionIds}::text[]) and p.payee_identity = any(${identities}::text[])`,
      ),
    async lock(institutionId, identities) {
      // Read in a statement of its own: one that has waited for a lock sees the addresses as they were before.
      await sql`select from payees where institution_id = ${institutionId}
        and payee_identity = any(${identities}::text[]) order by id for no key update`.execute(trx);
      return findAll(institutionId, identities);
    },
    async insert(institutionId, writes, cause) {
      const ids = await insertPayees(trx, institutionId, writes);
      const made = writes
        .filter(({ payeeIdentity }) => ids.has(payeeIdentity))
        .map((write) => ({ ...write, id: ids.get(write.payeeIdentity) ?? 0n, institutionId, version: 0 }));
      const seal = sealerOf(tokens);
      await insertHistory(trx, seal, made, cause);
      await putAddresses(trx, tokens, seal, made);
      await projectPayees(trx, tokens, byIds, [...ids.values()]);
      return new Set(ids.keys());
    },
    async update(writes, cause) {
      const changed = writes.map(({ before: { id, institutionId, version }, ...write }) => ({
        ...write,
        id,
        institutionId,
        version,
      }));
      const seal = sealerOf(tokens);
      await insertHistory(trx, seal, changed, cause);
      await updatePayees(trx, changed);
      await putAddresses(trx, tokens, seal, changed);
      const changedIds = changed.map(({ id }) => id);
      await sql`delete from payee_addresses a using payees p
        where p.id = a.payee and p.state = 'unlinked' and p.id = any(${changedIds}::bigint[])`.execute(trx);
      await projectPayees(trx, tokens, byIds, changedIds);
    },
    async byAddress(institutionId, addresses) {
      const indexes = addresses.map((address) => tokens.index("payee-address", institutionId, address));
      const rows = await select(
        trx,
        tokens,
        sql`p.institution_id = ${institutionId} and p.id in (
        select payee from payee_addresses where address_index = any(${indexes}::bytea[]))`,
      );
      return new Map(
        addresses.map((address) => [
          address,
          rows.filter((row) => row.addresses.some((known) => known.address === address)),
        ]),
      );
    },
    async page(institutionId, { index, size }) {
      const { total } = await trx
        .selectFrom("payees")
        .select((eb) => eb.fn.countAll<bigint>().as("total"))
        .where("institution_id", "=", institutionId)
        .where("state", "<>", "unlinked")
        .executeTakeFirstOrThrow();
      const rows = await select(
        trx,
        tokens,
        sql`p.id in (
        select id from payees where institution_id = ${institutionId} and state <> 'unlinked'
        order by id limit ${size} offset ${index * size})`,
      );
      return { total: Number(total), rows };
    },
    async programmeOf(nodeId, programId) {
      const row = await trx
        .selectFrom("node_programmes")
        .select(["program_id", "institution_id", "area"])
        .where("node_id", "=", nodeId)
        .where("program_id", "=", programId)
        .executeTakeFirst();
      return row && { programId: row.program_id, institutionId: row.institution_id, area: row.area };
    },
    async serve(nodeId, programId, grant) {
      await trx
        .deleteFrom("node_programmes")
        .where("node_id", "=", nodeId)
        .where("program_id", "=", programId)
        .execute();
      if (!grant) return;
      const { institutionId, area, by } = grant;
      await trx
        .insertInto("node_programmes")
        .values({
          node_id: nodeId,
          program_id: programId,
          institution_id: institutionId,
          area,
          granted_by: by,
        })
        .execute();
    },
    async project(programId, { afterId, limit }) {
      const { rows } = await sql<{ id: bigint }>`
        select p.id from payees p where p.program_id = ${programId} and p.id > ${afterId}
        order by p.id limit ${limit}`.execute(trx);
      const ids = rows.map(({ id }) => id);
      if (ids.length > 0) await projectPayees(trx, tokens, byIds, ids);
      return ids.at(-1);
    },
    nodeKey: (nodeId) => tokens.nodeKeyOf(nodeId),
    async history({ id, ...owner }) {
      const rows = await trx
        .selectFrom("payee_history")
        .selectAll()
        .where("payee", "=", id)
        .orderBy("version")
        .execute();
      return rows.map((row) => ({
        version: row.version,
        at: row.at,
        actor: row.actor,
        cause: row.cause,
        change: row.change,
        state: row.state,
        preferred: row.preferred,
        touched: address(tokens, owner, row),
      }));
    },
  };
}

interface Selected extends AddressColumns {
  readonly id: bigint;
  readonly institution_id: string;
  readonly payee_identity: string;
  readonly program_id: string | null;
  readonly area: string | null;
  readonly state: Exclude<BeneficiaryState, "unregistered">;
  readonly preferred: number | null;
  readonly last_n: number;
  readonly version: number;
  readonly changed_at: Date;
}

interface AddressColumns {
  readonly n: number | null;
  readonly modality: Modality | null;
  readonly institution_code: string | null;
  readonly address_token: Uint8Array | null;
  readonly active: boolean | null;
}

async function select(trx: Trx, tokens: Addresses, where: ReturnType<typeof sql>): Promise<PayeeRow[]> {
  const { rows } = await sql<Selected>`
    select p.id, p.institution_id, p.payee_identity, p.program_id, p.area, p.state, p.preferred, p.last_n, p.version,
      p.changed_at, a.n, a.modality, a.institution_code, a.address_token, a.active
    from payees p left join payee_addresses a on a.payee = p.id
    where ${where} order by p.id, a.n`.execute(trx);
  const payees = new Map<bigint, PayeeRow & { readonly addresses: PayeeAddress[] }>();
  for (const row of rows) {
    const payee = payees.get(row.id) ?? payeeRow(row);
    payees.set(row.id, payee);
    const found = address(tokens, payee, row);
    if (found) payee.addresses.push(found);
  }
  return [...payees.values()];
}

function payeeRow(row: Selected): PayeeRow & { readonly addresses: PayeeAddress[] } {
  return {
    id: row.id,
    institutionId: row.institution_id,
    payeeIdentity: row.payee_identity,
    programId: row.program_id,
    area: row.area,
    state: row.state,
    preferred: row.preferred,
    lastN: row.last_n,
    version: row.version,
    changedAt: row.changed_at,
    addresses: [],
  };
}

function address(tokens: Addresses, owner: AddressOwner, row: AddressColumns): PayeeAddress | null {
  const { n, modality, active, address_token: token, institution_code: institutionCode } = row;
  if (n === null || modality === null || active === null) return null;
  return { n, modality, institutionCode, active, address: token && tokens.ofPayee(owner).open(token) };
}

type Change = PayeeWrite & { readonly id: bigint; readonly institutionId: string; readonly version: number };

/** Taken in the order of the identities, so that two registrations never wait for each other crosswise. */
async function insertPayees(
  trx: Trx,
  institutionId: string,
  writes: readonly PayeeWrite[],
): Promise<Map<string, bigint>> {
  const made = await sql<{ id: bigint; payee_identity: string }>`
    insert into payees (institution_id, payee_identity, program_id, area, state, preferred, last_n, version)
    select ${institutionId}::text, * from unnest(
      ${writes.map((write) => write.payeeIdentity)}::text[],
      ${writes.map((write) => write.programId)}::text[],
      ${writes.map((write) => write.area)}::text[],
      ${writes.map((write) => write.next.state)}::text[],
      ${writes.map((write) => write.next.preferred)}::int[],
      ${writes.map((write) => write.next.lastN)}::int[],
      ${writes.map((write) => write.steps.length)}::int[]) as w (payee_identity, program_id, area, state, preferred, last_n, version)
    order by w.payee_identity
    on conflict (institution_id, payee_identity) do nothing
    returning id, payee_identity`.execute(trx);
  return new Map(made.rows.map((row) => [row.payee_identity, row.id]));
}

async function updatePayees(trx: Trx, changes: readonly Change[]): Promise<void> {
  const updated = await sql`
    update payees p set state = w.state, preferred = w.preferred, last_n = w.last_n, version = w.version,
      program_id = w.program_id, area = w.area, changed_at = clock_timestamp()
    from unnest(
      ${changes.map((change) => change.id)}::bigint[],
      ${changes.map((change) => change.next.state)}::text[],
      ${changes.map((change) => change.next.preferred)}::int[],
      ${changes.map((change) => change.next.lastN)}::int[],
      ${changes.map((change) => change.version + change.steps.length)}::int[],
      ${changes.map((change) => change.programId)}::text[],
      ${changes.map((change) => change.area)}::text[]) as w (id, state, preferred, last_n, version, program_id, area)
    where p.id = w.id`.execute(trx);
  if (updated.numAffectedRows !== BigInt(changes.length))
    throw new Error("a payee that was to change is not there");
}

async function insertHistory(
  trx: Trx,
  seal: Seal,
  changes: readonly Change[],
  { actor, cause }: PayeeCause,
): Promise<void> {
  const entries = changes.flatMap((change) =>
    change.steps.map((step, index) => ({ change, step, version: change.version + index + 1 })),
  );
  await sql`
    insert into payee_history (actor, cause, payee, version, change, state, preferred, n, modality, institution_code,
      active, address_token)
    select ${actor}::text, ${cause}::text, * from unnest(
      ${entries.map(({ change }) => change.id)}::bigint[],
      ${entries.map(({ version }) => version)}::int[],
      ${entries.map(({ step }) => step.change)}::text[],
      ${entries.map(({ step }) => step.state)}::text[],
      ${entries.map(({ step }) => step.preferred)}::int[],
      ${entries.map(({ step }) => step.touched?.n ?? null)}::int[],
      ${entries.map(({ step }) => step.touched?.modality ?? null)}::text[],
      ${entries.map(({ step }) => step.touched?.institutionCode ?? null)}::text[],
      ${entries.map(({ step }) => step.touched?.active ?? null)}::boolean[],
      ${entries.map(({ change, step }) => seal(change, step.touched))}::bytea[])`.execute(trx);
}

/** Writes every address that a step has touched, as it is after the last one. */
async function putAddresses(
  trx: Trx,
  tokens: Addresses,
  seal: Seal,
  changes: readonly Change[],
): Promise<void> {
  const touched = changes.flatMap((change) => {
    const numbers = new Set(change.steps.map(({ touched }: BeneficiaryStep) => touched?.n));
    return change.next.addresses.filter(({ n }) => numbers.has(n)).map((kept) => ({ change, kept }));
  });
  if (touched.length === 0) return;
  await sql`
    insert into payee_addresses (payee, n, modality, institution_code, active, address_token, address_index)
    select * from unnest(
      ${touched.map(({ change }) => change.id)}::bigint[],
      ${touched.map(({ kept }) => kept.n)}::int[],
      ${touched.map(({ kept }) => kept.modality)}::text[],
      ${touched.map(({ kept }) => kept.institutionCode)}::text[],
      ${touched.map(({ kept }) => kept.active)}::boolean[],
      ${touched.map(({ change, kept }) => seal(change, kept))}::bytea[],
      ${touched.map(({ change, kept }) => (kept.address !== null ? tokens.index("payee-address", change.institutionId, kept.address) : null))}::bytea[])
    on conflict (payee, n) do update set modality = excluded.modality, institution_code = excluded.institution_code,
      active = excluded.active, address_token = excluded.address_token, address_index = excluded.address_index
    `.execute(trx);
}

type Seal = (owner: AddressOwner, address: PayeeAddress | null) => Uint8Array | null;

/** Seals each address once: its entry in the history and its row hold the same token. */
function sealerOf(tokens: Addresses): Seal {
  const sealed = new Map<PayeeAddress, Uint8Array>();
  return (owner, address) => {
    if (address === null || address.address === null) return null;
    const token = sealed.get(address) ?? tokens.ofPayee(owner).seal(address.address);
    sealed.set(address, token);
    return token;
  };
}
