-- why: merchants, beneficiaries and operators are told what happened, in their language, and failures to tell them are seen

create table payee_contacts (
  institution_id text not null references institutions,
  payee_functional_id text not null,
  channel text not null check (channel in ('sms', 'email')),
  address text not null,
  language text not null check (language in ('en', 'fr', 'es', 'pt', 'sw', 'ar')),
  primary key (institution_id, payee_functional_id)
);

create table merchant_contacts (
  merchant_id text primary key references merchants,
  channel text not null check (channel in ('sms', 'email')),
  address text not null,
  language text not null check (language in ('en', 'fr', 'es', 'pt', 'sw', 'ar'))
);

create table notifications (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('voucher-redeemed', 'merchant-paid', 'operator-alert')),
  -- the claim or alert that it tells of: everybody is told once
  subject text not null,
  channel text not null,
  address text not null,
  language text not null,
  facts jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  created_at timestamptz not null default clock_timestamp(),
  requested_at timestamptz not null default clock_timestamp(),
  tries int not null default 0,
  last_tried_at timestamptz,
  last_error text,
  unique (kind, subject)
);
create index unsent_notifications on notifications (requested_at) where state <> 'sent';

alter table alerts add column told_at timestamptz;
create index untold_alerts on alerts (id) where told_at is null;
