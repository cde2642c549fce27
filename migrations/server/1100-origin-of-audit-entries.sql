-- why: an entry of the audit trail tells from where its change was asked for: the network address of a request, or the machine
-- and its user at the command line. Null for what the server does by itself.

alter table audit_entries add column origin text;
-- What a connection says of itself counts where a statement names nothing else.
alter table audit_entries alter column origin set default nullif(current_setting('paypost.origin', true), '');
