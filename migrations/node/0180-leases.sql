-- why: what was given back is not redeemed here, what was redeemed here is not given back, and longer leases are asked for now and then only

alter table leases add column asked_ms integer;

create trigger released_lease before insert on redemptions
when exists (select 1 from releases where serial = new.serial
  and epoch_generation = new.epoch_generation and epoch_n = new.epoch_n)
begin
  select raise(abort, 'this lease was given back');
end;

create trigger redeemed_lease before insert on releases
when exists (select 1 from redemptions where serial = new.serial and live = 1)
begin
  select raise(abort, 'this voucher was redeemed here');
end;
