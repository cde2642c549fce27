-- why: merchants are paid through their financial service provider's pre-funded account, less the fees of the voucher's group

create table fsps (
  id text primary key check (length(id) between 1 and 20),
  name text not null unique,
  created_at timestamptz not null default clock_timestamp()
);

alter table merchants
  -- a merchant without one is paid in our own ledger only
  add column fsp_id text references fsps,
  -- where the FSP keeps the merchant's money, as the FSP writes it
  add column account text,
  add column area text;
create index merchants_by_name on merchants (name);

-- What a redemption of the group costs the merchant: a fixed part and a share of the amount.
create table voucher_group_fees (
  group_code text not null references voucher_groups,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  fixed_minor bigint not null check (fixed_minor >= 0),
  basis_points int not null check (basis_points between 0 and 10000),
  primary key (group_code, currency)
);

-- fsp: liquidity that an FSP paid in; fspHeld: the part that claims hold; fspDue: what funding owes an FSP back for
-- merchants that it paid; fees: what we earned.
alter table accounts drop constraint accounts_kind_check;
alter table accounts add constraint accounts_kind_check
  check (kind in ('external', 'funding', 'reserved', 'owed', 'merchant', 'fsp', 'fspHeld', 'fspDue', 'fees'));

alter table claims
  -- the terms of the payout, as they were at the claim
  add column fsp_id text references fsps,
  add column fee_minor bigint not null default 0,
  -- whether the FSP's liquidity is held for it; an offline claim may have to wait for that
  add column liquidity_held boolean not null default false,
  -- set before a credit is sent: from then on its outcome is asked for, and it is never sent again blindly
  add column sent_at timestamptz,
  add column tries int not null default 0,
  add constraint fee_within_amount check (fee_minor between 0 and amount_minor),
  add constraint liquidity_is_of_an_fsp check (not liquidity_held or fsp_id is not null);
create index open_claims on claims (created_at) where state in ('claimed', 'unknown', 'owed');

create function guard_claim_terms() returns trigger language plpgsql as $$
begin
  if (new.fsp_id, new.fee_minor, new.created_at) is distinct from (old.fsp_id, old.fee_minor, old.created_at)
    or (old.liquidity_held and not new.liquidity_held)
    or (old.sent_at is not null and new.sent_at is distinct from old.sent_at) then
    raise exception 'the terms of claim % stay what they are', old.id
      using errcode = 'check_violation', constraint = 'claim_terms_are_final';
  end if;
  return new;
end $$;
create trigger claims_guard_terms before update on claims for each row execute function guard_claim_terms();
