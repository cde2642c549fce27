-- why: the G2P Connect face of the account mapper: longer identities, unlinking, resolving, transaction status, and senders' keys

-- An identity of G2P Connect is `type:id@provider`; the GovStack calls go on to take 20 characters.
alter table payees drop constraint payees_payee_identity_check,
  add constraint payees_payee_identity_check check (char_length(payee_identity) between 1 and 64);
alter table payee_addresses drop constraint payee_addresses_institution_code_check,
  add constraint payee_addresses_institution_code_check check (char_length(institution_code) between 1 and 64);

alter table mapper_requests drop constraint mapper_requests_action_check,
  add constraint mapper_requests_action_check check (action in ('register', 'update', 'add-address', 'update-address',
    'unlink', 'look-up', 'resolve', 'txn-status', 'validate-payees', 'validate-addresses')),
  drop constraint mapper_requests_face_check,
  add constraint mapper_requests_face_check check (face in ('current', '1.0', 'g2p-connect')),
  -- the request whose status is asked for
  add column about bigint references mapper_requests,
  add constraint status_is_about_a_request check ((action = 'txn-status') = (about is not null));

alter table mapper_items
  -- the outcome in the words of G2P Connect; a resolved item that succeeded has one as well
  add column reason_code text,
  -- as the caller dated it, and whether it wants details
  add column dated text,
  add column details boolean;

-- Ed25519 key that an institution signs its G2P Connect messages with; without one they are not signed.
alter table institutions add column signing_key bytea check (length(signing_key) = 32);
