-- why: merchants read what was paid to them, in the order in which it was paid

create index paid_claims on claims (merchant_id, ended_at, id) where state = 'paid';
