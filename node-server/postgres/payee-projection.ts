/** Payees as nodes read them: a row for each node that serves the payee's programme and area, sealed for that node. */
import { sql } from "kysely";
import { payeeIndexOf, sealPayeeRecord } from "#sync/documents/payee-record.ts";
import { toBase64 } from "#sync/base64.ts";
import type { Addresses } from "../addresses.ts";
import type { PayeeRow } from "../ports/mapper.ts";
import type { Trx } from "./rows.ts";

interface Served {
  readonly node_id: string;
  readonly payee: bigint;
}

/** Writes the rows of these payees anew, and takes away those that no node may read any more. */
export async function projectPayees(
  trx: Trx,
  tokens: Addresses,
  read: (ids: readonly bigint[]) => Promise<readonly PayeeRow[]>,
  ids: readonly bigint[],
): Promise<void> {
  const { rows: served } = await sql<Served>`
    select n.node_id::text as node_id, p.id as payee from payees p
    join node_programmes n on n.institution_id = p.institution_id and n.program_id = p.program_id
      and (n.area is null or n.area = p.area)
    where p.id = any(${ids}::bigint[]) and p.state <> 'unlinked'`.execute(trx);
  await sql`
    delete from shape_beneficiaries s where s.payee = any(${ids}::bigint[]) and not exists (
      select from unnest(${served.map((row) => row.node_id)}::text[], ${served.map((row) => row.payee)}::bigint[])
        as kept (node_id, payee) where kept.node_id = s.node_id and kept.payee = s.payee)`.execute(trx);
  if (served.length === 0) return;
  const payees = new Map(
    (await read([...new Set(served.map(({ payee }) => payee))])).map((row) => [row.id, row]),
  );
  const rows = served.flatMap(({ node_id: nodeId, payee: id }) => {
    const payee = payees.get(id);
    return payee ? [projected(tokens, nodeId, payee)] : [];
  });
  await sql`
    insert into shape_beneficiaries (node_id, payee, payee_index, version, sealed)
    select * from unnest(
      ${rows.map((row) => row.nodeId)}::text[],
      ${rows.map((row) => row.payee)}::bigint[],
      ${rows.map((row) => row.index)}::text[],
      ${rows.map((row) => row.version)}::int[],
      ${rows.map((row) => row.sealed)}::text[]) as r (node_id, payee, payee_index, version, sealed)
    order by r.node_id, r.payee
    on conflict (node_id, payee) do update set payee_index = excluded.payee_index, version = excluded.version,
      sealed = excluded.sealed`.execute(trx);
}

function projected(tokens: Addresses, nodeId: string, payee: PayeeRow) {
  const key = tokens.nodeKeyOf(nodeId);
  const programme = payee.programId ?? "";
  const record = {
    programme,
    identity: payee.payeeIdentity,
    state: payee.state === "active" ? ("active" as const) : ("inactive" as const),
    addresses: payee.addresses.map(({ n, modality, institutionCode, address, active }) => ({
      modality,
      institutionCode,
      address,
      active,
      preferred: n === payee.preferred,
    })),
  };
  return {
    nodeId,
    payee: payee.id,
    index: payeeIndexOf(key, programme, payee.payeeIdentity),
    version: payee.version,
    sealed: toBase64(sealPayeeRecord(key, record, tokens.randomBytes)),
  };
}
