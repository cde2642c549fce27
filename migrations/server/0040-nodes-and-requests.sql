-- why: what nodes send and are answered, who may enrol, and the API requests that must be answered the same way twice

create table enrolment_codes (
  code_hash bytea primary key check (length(code_hash) = 32),
  merchant_id text not null references merchants,
  node_name text not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  node_id uuid references nodes,
  check ((used_at is null) = (node_id is null))
);

create table node_sessions (
  token_hash bytea primary key check (length(token_hash) = 32),
  node_id uuid not null references nodes,
  expires_at timestamptz not null
);
create index node_sessions_by_end on node_sessions (expires_at);

create table operations (
  node_id uuid not null references nodes,
  hash bytea not null check (length(hash) = 32),
  sequence bigint not null check (sequence > 0),
  operation_id uuid not null,
  -- `chain`: accepted in order; `fork`: a second operation with a sequence number already taken; `beyond`: sent by
  -- a node that was frozen or revoked. Every branch is kept.
  branch text not null check (branch in ('chain', 'fork', 'beyond')),
  type text not null,
  signed bytea not null,
  sealed bytea,
  state text not null check (state in ('queued', 'held', 'applied', 'rejected', 'writtenOff')),
  reason text,
  transaction_id text,
  evidence bytea,
  claim_id uuid references claims,
  voucher_serial bigint,
  received_at timestamptz not null default clock_timestamp(),
  decided_at timestamptz,
  primary key (node_id, hash)
);
create unique index one_operation_a_sequence on operations (node_id, sequence) where branch = 'chain';
create unique index one_operation_an_id on operations (node_id, operation_id) where branch = 'chain';
create index held_operations_by_voucher on operations (voucher_serial, received_at) where state = 'held';
create index operations_by_claim on operations (claim_id) where claim_id is not null;

-- The signed bytes and the place in the chain never change, and a final verdict is given once. What was sealed beside
-- them is erased when its retention ends.
create function guard_operation() returns trigger language plpgsql as $$
begin
  if (new.node_id, new.hash, new.sequence, new.operation_id, new.branch, new.type, new.signed, new.voucher_serial)
    is distinct from
    (old.node_id, old.hash, old.sequence, old.operation_id, old.branch, old.type, old.signed, old.voucher_serial) then
    raise exception 'operation % of node % is immutable', old.sequence, old.node_id
      using errcode = 'check_violation', constraint = 'operation_is_immutable';
  end if;
  if old.state in ('applied', 'rejected', 'writtenOff')
    and (new.state, new.reason, new.transaction_id, new.evidence, new.claim_id, new.decided_at) is distinct from
      (old.state, old.reason, old.transaction_id, old.evidence, old.claim_id, old.decided_at) then
    raise exception 'operation % of node % has its verdict', old.sequence, old.node_id
      using errcode = 'check_violation', constraint = 'operation_has_its_verdict';
  end if;
  return new;
end $$;
create trigger operations_guard before update on operations for each row execute function guard_operation();
create trigger operations_kept before delete or truncate on operations
  for each statement execute function refuse_change();

create table api_requests (
  institution_id text not null references institutions,
  call text not null,
  request_id text not null,
  body_hash bytea not null check (length(body_hash) = 32),
  status int,
  response text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (institution_id, call, request_id)
);

-- the public halves of this installation's signing keys; a server whose key folder differs refuses to start
create table server_keys (
  kind text primary key,
  public_key bytea not null check (length(public_key) = 32),
  created_at timestamptz not null default clock_timestamp()
);
