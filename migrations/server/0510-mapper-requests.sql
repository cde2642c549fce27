-- why: what callers ask of the account mapper, with the outcome of each item, until the caller is told

create table mapper_requests (
  id bigint generated always as identity primary key,
  institution_id text not null references institutions,
  action text not null check (action in ('register', 'update', 'add-address', 'update-address', 'look-up',
    'validate-payees', 'validate-addresses')),
  -- as which generation of the API its callback reads
  face text not null check (face in ('current', '1.0')),
  -- as the caller gave it
  request_id text not null,
  -- what the request is known by when it is repeated
  request_key text not null,
  batch_id text,
  program_id text,
  -- null where the caller waits for the answer, or asks for it
  callback_url text,
  created_at timestamptz not null default clock_timestamp(),
  completed_at timestamptz,
  unique (institution_id, action, face, request_key)
);
create index mapper_requests_by_request_id on mapper_requests (institution_id, request_id);

create table mapper_items (
  request bigint not null references mapper_requests,
  line int not null check (line > 0),
  -- the caller's own id of what is validated
  instruction_id text,
  payee_identity text,
  modality text,
  institution_code text,
  -- sealed, and erased once the item has its outcome
  address_token bytea,
  replaces_token bytea,
  area text,
  active boolean,
  prefer boolean,
  done boolean not null default false,
  failure_reason text,
  primary key (request, line),
  constraint mapper_item_has_one_outcome check (done or failure_reason is null),
  constraint finished_item_holds_no_address check (not done or (address_token is null and replaces_token is null))
);
create index open_mapper_items on mapper_items (request, line) where not done;
create index failed_mapper_items on mapper_items (request, line) where failure_reason is not null;

alter table callbacks drop constraint callbacks_kind_check,
  add constraint callbacks_kind_check check (kind in ('batch', 'command', 'redemption', 'bill-inquiry', 'bill-question', 'bill-payment', 'bill-advice',
    'rtp-request', 'rtp-update', 'rtp-status', 'mapper'));
