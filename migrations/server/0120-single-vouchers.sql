-- why: a voucher made while its caller waits is a batch of its own kind; the answer takes the place of a callback

alter table voucher_batches
  drop constraint voucher_batches_kind_check,
  add constraint voucher_batches_kind_check check (kind in ('request', 'file', 'reissue', 'single')),
  drop constraint request_has_callback,
  add constraint request_has_callback check (kind in ('file', 'single') or callback_url is not null);
