-- why: lost vouchers are replaced by batches of a kind of their own, whose request ids belong to that call

alter table voucher_batches
  drop constraint voucher_batches_kind_check,
  add constraint voucher_batches_kind_check check (kind in ('request', 'file', 'reissue')),
  drop constraint request_has_callback,
  add constraint request_has_callback check (kind = 'file' or callback_url is not null);
