-- why: vouchers ordered by an encrypted file: batches of a kind of their own, whose unique ids an institution uses once

alter table voucher_batches
  add column kind text not null default 'request' check (kind in ('request', 'file')),
  -- whoever sends a file may ask for its progress instead
  alter column callback_url drop not null,
  add constraint request_has_callback check (kind <> 'request' or callback_url is not null),
  -- a request id belongs to its call: a request and a file may have the same one
  drop constraint voucher_batches_institution_id_request_id_key,
  add unique (institution_id, kind, request_id),
  add unique (id, institution_id);

-- The institution, for the items of its files: among these an instruction id is used once.
alter table voucher_instructions
  add column unique_for text,
  add foreign key (batch, unique_for) references voucher_batches (id, institution_id);
create unique index unique_id_used_once on voucher_instructions (unique_for, instruction_id)
  where unique_for is not null;
