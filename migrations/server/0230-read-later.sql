-- why: an operation that a later version can read is about a voucher, which must be found by what else is held for it
create or replace function guard_operation() returns trigger language plpgsql as $$
begin
  if (new.node_id, new.hash, new.sequence, new.operation_id, new.branch, new.type, new.signed)
    is distinct from
    (old.node_id, old.hash, old.sequence, old.operation_id, old.branch, old.type, old.signed)
    or (new.voucher_serial is distinct from old.voucher_serial
      and not (old.type = 'unread' and old.voucher_serial is null)) then
    raise exception 'operation % of node % is immutable', old.sequence, old.node_id
      using errcode = 'check_violation', constraint = 'operation_is_immutable';
  end if;
  if old.state in ('applied', 'rejected', 'writtenOff')
    and (new.state, new.reason, new.transaction_id, new.evidence, new.claim_id, new.decided_at, new.voucher_serial)
      is distinct from
      (old.state, old.reason, old.transaction_id, old.evidence, old.claim_id, old.decided_at, old.voucher_serial) then
    raise exception 'operation % of node % has its verdict', old.sequence, old.node_id
      using errcode = 'check_violation', constraint = 'operation_has_its_verdict';
  end if;
  return new;
end $$;
