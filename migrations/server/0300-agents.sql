-- why: whether a machine may pay vouchers out in cash is decided when it is let in, and its certificate says so

alter table enrolment_codes add column agent boolean not null default false;
