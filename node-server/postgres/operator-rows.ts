/** Operators, their tries and their sessions (`migrations/server/0930-operators.sql`). */
import type { Pool } from "pg";
import type { LocalAccount, OperatorRow, OperatorStore } from "../ports/operators.ts";

const columns = `id, name, roles, party_id as "partyId"`;
const localColumns = `${columns}, password_hash as "passwordHash", totp_secret as "totpSecret", failures,
  invited_until as "invitedUntil"`;

export function operatorRows(pool: Pool): OperatorStore {
  return {
    async now() {
      const { rows } = await pool.query<{ now: Date }>(`select clock_timestamp() as now`);
      return rows[0]!.now;
    },
    async countTry(name, waitSeconds) {
      const client = await pool.connect();
      try {
        await client.query("begin");
        const { rows } = await client.query<LocalAccount & { wait: number | null }>(
          `select ${localColumns}, ceil(extract(epoch from locked_until - clock_timestamp()))::int as wait
           from operators where lower(name) = lower($1) and source = 'local' and disabled_at is null for update`,
          [name],
        );
        const [account] = rows;
        if (account && (account.wait ?? 0) <= 0) {
          await client.query(
            `update operators set failures = failures + 1,
               locked_until = case when $2 > 0 then clock_timestamp() + make_interval(secs => $2) end where id = $1`,
            [account.id, waitSeconds(account.failures + 1)],
          );
        }
        await client.query("commit");
        if (!account) return { kind: "unknown" };
        if (account.wait !== null && account.wait > 0) return { kind: "locked", seconds: account.wait };
        return { kind: "counted", account };
      } catch (error) {
        await client.query("rollback");
        throw error;
      } finally {
        client.release();
      }
    },
    async useCode(id, step) {
      const { rowCount } = await pool.query(
        `update operators set totp_step = $2 where id = $1 and totp_step < $2`,
        [id, step],
      );
      return rowCount === 1;
    },
    async forgetFailures(id) {
      await pool.query(`update operators set failures = 0, locked_until = null where id = $1`, [id]);
    },
    async acceptInvitation(id, passwordHash) {
      const { rowCount } = await pool.query(
        `with accepted as (
           update operators set password_hash = $2, invited_until = null where id = $1 and invited_until is not null
           returning name
         )
         insert into audit_entries (actor, action, subject)
         select 'operator:' || name, 'operator.accept-invitation', 'operator:' || name from accepted`,
        [id, passwordHash],
      );
      return rowCount === 1;
    },
    async recordFailure({ name, failures }, from) {
      await pool.query(
        `insert into audit_entries (actor, action, subject, after)
         values ('unknown', 'operator.sign-in-failed', 'operator:' || $1::text,
           jsonb_build_object('from', $2::text, 'failures', $3::int))`,
        [name, from, failures + 1],
      );
    },
    async openSession({ idHash, operatorId, seconds, from, by }) {
      await pool.query(
        `with ended as (delete from operator_sessions where expires_at < clock_timestamp()),
         opened as (
           insert into operator_sessions (id_hash, operator_id, expires_at, opened_from)
           values ($1, $2, clock_timestamp() + make_interval(secs => $3), $4) returning operator_id
         )
         insert into audit_entries (actor, action, subject, after)
         select 'operator:' || name, 'operator.sign-in', 'operator:' || name,
           jsonb_build_object('from', $4::text, 'by', $5::text)
         from operators, opened where operators.id = opened.operator_id`,
        [idHash, operatorId, seconds, from, by],
      );
    },
    async session(idHash, idleSeconds, isActive) {
      const { rows } = await pool.query<OperatorRow & { isOld: boolean }>(
        `select o.id, o.name, o.roles, o.party_id as "partyId",
           s.seen_at < clock_timestamp() - interval '1 minute' as "isOld"
         from operator_sessions s join operators o on o.id = s.operator_id
         where s.id_hash = $1 and s.expires_at > clock_timestamp() and o.disabled_at is null
           and s.seen_at > clock_timestamp() - make_interval(secs => $2)`,
        [idHash, idleSeconds],
      );
      const [row] = rows;
      if (!row) return undefined;
      if (isActive && row.isOld)
        await pool.query(`update operator_sessions set seen_at = clock_timestamp() where id_hash = $1`, [
          idHash,
        ]);
      return row;
    },
    async closeSession(idHash) {
      await pool.query(
        `with closed as (delete from operator_sessions where id_hash = $1 returning operator_id)
         insert into audit_entries (actor, action, subject)
         select 'operator:' || name, 'operator.sign-out', 'operator:' || name
         from operators, closed where operators.id = closed.operator_id`,
        [idHash],
      );
    },
    async providerAccount({ issuer, subject, name, roles, partyId }) {
      const known = await pool.query<OperatorRow & { disabled: boolean }>(
        `update operators set roles = $3, party_id = $4 where source = 'oidc' and issuer = $1 and subject = $2
         returning ${columns}, disabled_at is not null as disabled`,
        [issuer, subject, roles, partyId],
      );
      const [row] = known.rows;
      if (row) return row.disabled ? { ok: false, refusal: "disabled" } : { ok: true, operator: row };
      const made = await pool.query<OperatorRow>(
        `with made as (
           insert into operators (name, roles, party_id, source, issuer, subject) values ($3, $4, $5, 'oidc', $1, $2)
           on conflict do nothing returning *
         ), told as (
           insert into audit_entries (actor, action, subject, after)
           select 'operator:' || name, 'operator.add', 'operator:' || name,
             jsonb_build_object('roles', roles, 'party', party_id, 'issuer', issuer, 'subject', subject) from made
         )
         select ${columns} from made`,
        [issuer, subject, name, roles, partyId],
      );
      const [operator] = made.rows;
      return operator ? { ok: true, operator } : { ok: false, refusal: "name-taken" };
    },
  };
}
