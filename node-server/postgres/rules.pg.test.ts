/**
 * The rules that the database keeps against whoever writes to it by hand: each is broken in SQL, around the store, and
 * must be refused under its name.
 */
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDatabase } from "../../test/support/database.ts";
import type { TestDatabase } from "../../test/support/database.ts";

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(seed);
});
afterAll(async () => {
  await client.end();
  await database.drop();
});
beforeEach(() => client.query("rollback"));

const node = "00000000-0000-4000-8000-000000000001";
const claim = "00000000-0000-4000-8000-0000000000c1";
const paidClaim = "00000000-0000-4000-8000-0000000000c2";

// Voucher 1 is free, 2 is leased, 3 is being paid, 4 is consumed.
const seed = `
  insert into institutions (id, name) values ('welfare', 'Welfare');
  insert into voucher_groups (code, name) values ('AID', 'Food aid');
  insert into merchants (id, name) values ('corner', 'Corner shop');
  insert into nodes (id, merchant_id, name, public_key, certificate, last_hash)
    values ('${node}', 'corner', 'Till', sha256('key'), 'certificate', sha256('certificate'));
  insert into accounts (id, kind, owner, currency) values
    ('external:treasury:USD', 'external', 'treasury', 'USD'), ('external:treasury:EUR', 'external', 'treasury', 'EUR'),
    ('funding:AID:USD', 'funding', 'AID', 'USD'), ('reserved:AID:USD', 'reserved', 'AID', 'USD'), ('reserved:KIT:USD', 'reserved', 'KIT', 'USD'),
    ('owed:corner:USD', 'owed', 'corner', 'USD'), ('fsp:bank:USD', 'fsp', 'bank', 'USD');
  insert into fsps (id, name) values ('bank', 'Citizen Bank');
  insert into journal_entries (idempotency_key, kind, currency) values ('fund', 'fund-group', 'USD');
  insert into journal_lines (entry_id, line, account_id, amount_minor)
    values (1, 1, 'external:treasury:USD', -1000), (1, 2, 'funding:AID:USD', 1000);
  insert into voucher_batches (institution_id, batch_id, request_id, program_id, callback_url)
    values ('welfare', 'B', 'R', 'winter', '');
  insert into voucher_instructions (batch, line, instruction_id, group_code, currency, amount)
    select 1, line, line::text, 'AID', 'USD', '1' from generate_series(1, 5) as line;
  begin;
  insert into vouchers (serial, batch, line, group_code, amount_minor, currency, state, number_index, number_verifier,
      expires_at)
    select line, 1, line, 'AID', 100, 'USD', 'activated', sha256(line::text::bytea), substr(sha256(''), 1, 16),
      now() + interval '90 days'
    from generate_series(1, 4) as line;
  insert into journal_entries (idempotency_key, kind, currency) values ('reserve', 'reserve-voucher', 'USD');
  insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial)
    select 2, line, 'reserved:AID:USD', 100, line from generate_series(1, 4) as line
    union all select 2, 5, 'funding:AID:USD', -400, null;
  update vouchers set state = 'leased' where serial = 2;
  insert into leases (voucher_serial, epoch_generation, epoch_n, node_id, not_after, document)
    values (2, 1, 1, '${node}', now() + interval '7 days', 'lease');
  update vouchers set state = 'redeeming' where serial = 3;
  update vouchers set state = 'consumed' where serial = 4;
  insert into claims (id, voucher_serial, merchant_id, amount_minor, currency, offline, state, transaction_id) values
    ('${claim}', 3, 'corner', 100, 'USD', false, 'claimed', 'AAAAAAAAAAAA'),
    ('${paidClaim}', 4, 'corner', 100, 'USD', false, 'paid', 'BBBBBBBBBBBB');
  insert into journal_entries (idempotency_key, kind, currency) values ('claims', 'claim-voucher', 'USD');
  insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial) values
    (3, 1, 'reserved:AID:USD', -100, 3), (3, 2, 'reserved:AID:USD', -100, 4), (3, 3, 'owed:corner:USD', 200, null);
  commit;
  insert into payout_attempts (claim_id, n, outcome, ended_at)
    values ('${claim}', 1, 'failed', now()), ('${claim}', 2, null, null), ('${paidClaim}', 1, 'paid', now());
  insert into operations (node_id, hash, sequence, operation_id, branch, type, signed, state, reason)
    values ('${node}', sha256('op'), 1, '${claim}', 'chain', 'redeem-voucher', 'signed', 'rejected', 'expired');
  insert into audit_entries (actor, action, subject) values ('welfare', 'voucher.activate', 'voucher:1');
  begin;
  insert into payees (institution_id, payee_identity, state, preferred, last_n, version)
    values ('welfare', 'P-1', 'active', 1, 2, 1), ('welfare', 'P-2', 'active', null, 0, 1);
  insert into payee_history (payee, version, actor, cause, change, state)
    values (1, 1, 'welfare', 'seed', 'REGISTER', 'active'), (2, 1, 'welfare', 'seed', 'REGISTER', 'active');
  insert into payee_addresses (payee, n, modality, address_token, address_index, active)
    values (1, 1, '01', 'token', sha256('1'), true), (1, 2, '01', 'token', sha256('2'), false);
  commit;
  insert into mapper_requests (institution_id, action, face, request_id, request_key)
    values ('welfare', 'register', 'current', 'R', 'R');`;

const lineTo = (entry: string, amount: number, line = 1) =>
  `insert into journal_lines (entry_id, line, account_id, amount_minor) values
    (${entry}, ${line}, 'external:treasury:USD', ${-amount}), (${entry}, ${line + 1}, 'owed:corner:USD', ${amount});`;
const newEntry = (currency = "USD") =>
  `insert into journal_entries (idempotency_key, kind, currency) values ('new', 'test', '${currency}');`;
/** On voucher 1. */
const newClaim = (column: string, value: string) =>
  `insert into claims (id, voucher_serial, merchant_id, amount_minor, currency, offline, state, transaction_id, ${column})
   values ('${node}', 1, 'corner', 100, 'USD', true, 'claimed', 'CCCCCCCCCCCC', ${value});`;
const last = "(select max(id) from journal_entries)";
/** The fifth, free, with that much of its 100 reserved. */
const newVoucher = (...reserved: readonly number[]) =>
  `insert into vouchers (serial, batch, line, group_code, amount_minor, currency, state, number_index, number_verifier,
      expires_at)
    values (5, 1, 5, 'AID', 100, 'USD', 'preActivated', sha256('5'), substr(sha256(''), 1, 16), now() + interval '1 day');
   ${reserved.length > 0 ? newEntry() : ""}
   ${reserved
     .map(
       (amount, index) =>
         `insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial) values
            (${last}, ${2 * index + 1}, 'reserved:AID:USD', ${amount}, 5),
            (${last}, ${2 * index + 2}, 'funding:AID:USD', ${-amount}, null);`,
     )
     .join("\n")}`;

/** The fifth, in one statement with the lines that reserve money for it. */
function newVoucherWithMoney({
  reserved,
  lines,
  state = "preActivated",
  account = "reserved:AID:USD",
}: {
  readonly reserved: number;
  readonly lines: readonly number[];
  readonly state?: string;
  readonly account?: string;
}): string {
  const sum = lines.reduce((total, amount) => total + amount, 0);
  const values = lines.map((amount, index) => `(${last}, ${index + 2}, '${account}', ${amount}, 5)`);
  const booked = [`(${last}, 1, 'funding:AID:USD', ${-sum}, null::bigint)`, ...values].join(", ");
  return `
    ${lines.length > 0 ? newEntry() : ""}
    with lines as (
      insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial)
      select * from (values ${booked}) as booked where ${lines.length > 0}
    )
    insert into vouchers (serial, batch, line, group_code, amount_minor, currency, state, reserved_minor, number_index,
        number_verifier, expires_at)
      values (5, 1, 5, 'AID', 100, 'USD', '${state}', ${reserved}, sha256('5'), substr(sha256(''), 1, 16),
        now() + interval '1 day')`;
}

function lineOfVoucher(serial: number, account: string): string {
  return `${newEntry()} insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial) values
    (${last}, 1, '${account}', 100, ${serial}), (${last}, 2, 'funding:AID:USD', -100, null);`;
}

function reserveFor5(amount: number): string {
  return `insert into journal_entries (idempotency_key, kind, currency) values (gen_random_uuid(), 'test', 'USD');
    insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial) values
      (${last}, 1, 'reserved:AID:USD', ${amount}, 5), (${last}, 2, 'funding:AID:USD', ${-amount}, null);`;
}

const broken: Readonly<Record<string, readonly [sql: string, rule: string][]>> = {
  "the journal": [
    [`${newEntry()} ${lineTo(last, 5).replace("-5", "-4")}`, "journal_entry_balanced"],
    [newEntry(), "journal_entry_balanced"],
    [lineTo("1", 5, 3), "journal_entry_closed"],
    [lineTo("999", 5), "journal_entry_closed"],
    [
      `${newEntry()} ${lineTo(last, 5).replace("owed:corner", "owed:nobody")}`,
      "journal_line_moves_an_account",
    ],
    [`${newEntry("EUR")} ${lineTo(last, 5)}`, "journal_entry_in_one_currency"],
    [`update journal_lines set amount_minor = 2`, "journal_lines_append_only"],
    [`delete from journal_lines`, "journal_lines_append_only"],
    [`truncate journal_lines cascade`, "journal_lines_append_only"],
    [`update journal_entries set kind = 'other'`, "journal_entries_append_only"],
    [`delete from journal_entries`, "journal_entries_append_only"],
    [
      `${newEntry()} ${lineTo(last, 5)} set constraints all immediate;
       insert into journal_lines (entry_id, line, account_id, amount_minor) values (${last}, 3, 'owed:corner:USD', 1)`,
      "journal_entry_balanced",
    ],
  ],
  accounts: [
    [`update accounts set balance_minor = 1 where id = 'funding:AID:USD'`, "accounts_through_journal"],
    [
      `insert into accounts (id, kind, owner, currency, balance_minor) values ('x', 'owed', 'x', 'USD', 5)`,
      "accounts_through_journal",
    ],
    [
      `${newEntry()} insert into journal_lines (entry_id, line, account_id, amount_minor) values
       (${last}, 1, 'funding:AID:USD', -601), (${last}, 2, 'owed:corner:USD', 601)`,
      "account_not_overdrawn",
    ],
    [`update accounts set id = 'fsp:other:USD' where id = 'fsp:bank:USD'`, "accounts_through_journal"],
    [`delete from accounts where id = 'fsp:bank:USD'`, "accounts_append_only"],
    [`truncate accounts cascade`, "accounts_append_only"],
  ],
  vouchers: [
    [`update vouchers set reserved_minor = 0 where serial = 1`, "vouchers_through_journal"],
    [`update vouchers set amount_minor = 99 where serial = 1`, "voucher_value_is_fixed"],
    [`update vouchers set serial = 9 where serial = 1`, "voucher_value_is_fixed"],
    [`update vouchers set line = 5 where serial = 1`, "voucher_value_is_fixed"],
    [`update vouchers set group_code = 'KIT' where serial = 1`, "voucher_value_is_fixed"],
    [`update vouchers set state = 'activated' where serial = 4`, "voucher_consumed_once"],
    [`update vouchers set state = 'cancelled' where serial = 1`, "voucher_state_matches_reserve"],
    [`update vouchers set state = 'leased' where serial = 1`, "voucher_state_matches_lease"],
    [`update vouchers set state = 'consumed' where serial = 3`, "voucher_state_matches_claim"],
    [`delete from vouchers where serial = 1`, "vouchers_append_only"],
    [
      `${newEntry()} insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial) values
       (${last}, 1, 'reserved:AID:USD', -100, 3), (${last}, 2, 'owed:corner:USD', 100, null)`,
      "voucher_debited_once",
    ],
    [lineOfVoucher(999, "reserved:AID:USD"), "reserve_names_its_voucher"],
    [lineOfVoucher(999, "owed:corner:USD"), "reserve_names_its_voucher"],
  ],
  "instructions and groups": [
    [`update voucher_instructions set line = 9 where line = 5`, "voucher_instructions_append_only"],
    [`update voucher_instructions set batch = 9 where line = 1`, "voucher_instructions_append_only"],
    [`delete from voucher_instructions where line = 5`, "voucher_instructions_append_only"],
    [`truncate voucher_instructions cascade`, "voucher_instructions_append_only"],
    [`update voucher_groups set code = 'KIT' where code = 'AID'`, "voucher_groups_append_only"],
    [`delete from voucher_groups`, "voucher_groups_append_only"],
    [`truncate voucher_groups cascade`, "voucher_groups_append_only"],
  ],
  "a new voucher": [
    [newVoucher(100).replace("(5, 1, 5, 'AID'", "(5, 1, 6, 'AID'"), "voucher_has_an_instruction"],
    [newVoucher(100).replace("(5, 1, 5, 'AID'", "(5, 2, 5, 'AID'"), "voucher_has_an_instruction"],
    [newVoucher(100).replace("(5, 1, 5, 'AID'", "(5, 1, 5, 'KIT'"), "voucher_has_a_group"],
    [newVoucher(), "voucher_state_matches_reserve"],
    [newVoucher(99), "voucher_state_matches_reserve"],
    [newVoucher(100, -100), "voucher_state_matches_reserve"],
    [newVoucher(100, -100, 50), "voucher_state_matches_reserve"],
    [newVoucher(100, 1), "voucher_debited_once"],
    [
      `${newVoucher(100)} update vouchers set state = 'leased' where serial = 5`,
      "voucher_state_matches_lease",
    ],
    [
      `${newVoucher(100)} update vouchers set state = 'consumed' where serial = 5`,
      "voucher_state_matches_reserve",
    ],
    [
      `${newVoucher(100)} insert into leases (voucher_serial, epoch_generation, epoch_n, node_id, not_after, document)
         values (5, 1, 1, '${node}', now(), 'lease')`,
      "voucher_state_matches_lease",
    ],
    [
      `${newVoucher(100)} insert into claims
         (id, voucher_serial, merchant_id, amount_minor, currency, offline, state, transaction_id)
         values ('${node}', 5, 'corner', 100, 'USD', true, 'claimed', 'CCCCCCCCCCCC')`,
      "voucher_state_matches_claim",
    ],
  ],
  "a new voucher that comes with its money": [
    [newVoucherWithMoney({ reserved: 100, lines: [] }), "vouchers_through_journal"],
    [newVoucherWithMoney({ reserved: 99, lines: [99] }), "vouchers_through_journal"],
    [newVoucherWithMoney({ reserved: 100, lines: [99] }), "vouchers_through_journal"],
    [newVoucherWithMoney({ reserved: 100, lines: [60, 60] }), "vouchers_through_journal"],
    [newVoucherWithMoney({ reserved: 100, lines: [100], state: "activated" }), "vouchers_through_journal"],
    [
      newVoucherWithMoney({ reserved: 100, lines: [100], account: "reserved:KIT:USD" }),
      "reserve_names_its_voucher",
    ],
    [
      newVoucherWithMoney({ reserved: 100, lines: [100], account: "owed:corner:USD" }),
      "reserve_names_its_voucher",
    ],
    [
      `savepoint here; ${newVoucherWithMoney({ reserved: 100, lines: [100] })}; release savepoint here`,
      "voucher_debited_once",
    ],
    ...(
      [
        [reserveFor5(1), "voucher_debited_once"],
        [reserveFor5(-50), "voucher_state_matches_reserve"],
        [`${reserveFor5(-100)} ${reserveFor5(50)}`, "voucher_state_matches_reserve"],
        [`update vouchers set reserved_minor = 0 where serial = 5`, "vouchers_through_journal"],
        [`update vouchers set state = 'leased' where serial = 5`, "voucher_state_matches_lease"],
        [`update vouchers set state = 'consumed' where serial = 5`, "voucher_state_matches_reserve"],
        [
          `insert into leases (voucher_serial, epoch_generation, epoch_n, node_id, not_after, document)
             values (5, 1, 1, '${node}', now(), 'lease')`,
          "voucher_state_matches_lease",
        ],
        [
          `insert into claims
             (id, voucher_serial, merchant_id, amount_minor, currency, offline, state, transaction_id)
             values ('${node}', 5, 'corner', 100, 'USD', true, 'claimed', 'CCCCCCCCCCCC')`,
          "voucher_state_matches_claim",
        ],
      ] as const
    ).map(([sql, rule]): [string, string] => [
      `${newVoucherWithMoney({ reserved: 100, lines: [100] })}; ${sql}`,
      rule,
    ]),
  ],
  "leases and claims": [
    [
      `insert into leases (voucher_serial, epoch_generation, epoch_n, node_id, not_after, document)
       values (2, 1, 2, '${node}', now(), 'lease')`,
      "one_open_lease",
    ],
    [
      `update leases set closed_at = now(), closed_by = 'expired' where voucher_serial = 2`,
      "voucher_state_matches_lease",
    ],
    [`update leases set not_after = now() where voucher_serial = 2`, "lease_closes_once"],
    [`delete from leases`, "leases_append_only"],
    [
      `insert into claims (id, voucher_serial, merchant_id, amount_minor, currency, offline, state, transaction_id)
       values ('${node}', 3, 'corner', 100, 'USD', false, 'claimed', 'CCCCCCCCCCCC')`,
      "one_live_claim",
    ],
    [`update claims set state = 'released' where id = '${claim}'`, "voucher_state_matches_claim"],
    [`update claims set state = 'owed' where id = '${paidClaim}'`, "claim_is_final"],
    [`update claims set merchant_id = 'other' where id = '${claim}'`, "claim_is_final"],
    [`delete from claims`, "claims_append_only"],
  ],
  payouts: [
    [
      `${newEntry()} insert into journal_lines (entry_id, line, account_id, amount_minor) values
       (${last}, 1, 'fsp:bank:USD', -1), (${last}, 2, 'owed:corner:USD', 1)`,
      "account_not_overdrawn",
    ],
    [
      `insert into accounts (id, kind, owner, currency) values ('x', 'pocket', 'x', 'USD')`,
      "accounts_kind_check",
    ],
    [`insert into fsps (id, name) values ('other', 'Citizen Bank')`, "fsps_name_key"],
    [
      `insert into voucher_group_fees (group_code, currency, fixed_minor, basis_points) values ('AID', 'USD', 0, 10001)`,
      "voucher_group_fees_basis_points_check",
    ],
    [`update claims set fee_minor = 1 where id = '${claim}'`, "claim_terms_are_final"],
    [`update claims set fsp_id = 'bank' where id = '${claim}'`, "claim_terms_are_final"],
    [`update claims set liquidity_held = true where id = '${claim}'`, "liquidity_is_of_an_fsp"],
    [newClaim("fee_minor", "101"), "fee_within_amount"],
    [
      `set constraints payout_attempts_match_claim immediate;
       ${newClaim("fsp_id", "'bank'")} insert into payout_attempts (claim_id, n) values ('${node}', 1)`,
      "credit_has_liquidity",
    ],
    [`insert into payout_attempts (claim_id, n) values ('${claim}', 3)`, "one_credit_at_a_time"],
    [`insert into payout_attempts (claim_id, n) values ('${paidClaim}', 2)`, "one_credit_at_a_time"],
    [`update payout_attempts set outcome = 'failed' where outcome = 'paid'`, "credit_ends_once"],
    [`update payout_attempts set n = 4 where n = 2`, "credit_ends_once"],
    [`delete from payout_attempts`, "payout_attempts_append_only"],
    [
      `update payout_attempts set outcome = 'paid', ended_at = now() where claim_id = '${claim}' and n = 2`,
      "claim_matches_credit",
    ],
    [
      `update claims set state = 'paid' where id = '${claim}';
       update vouchers set state = 'consumed' where serial = 3`,
      "claim_matches_credit",
    ],
    [
      `update claims set state = 'released' where id = '${claim}';
       update vouchers set state = 'activated' where serial = 3;
       ${newEntry()} insert into journal_lines (entry_id, line, account_id, amount_minor, voucher_serial) values
       (${last}, 1, 'reserved:AID:USD', 100, 3), (${last}, 2, 'owed:corner:USD', -100, null)`,
      "claim_matches_credit",
    ],
  ],
  "operations and the audit trail": [
    [`update operations set state = 'applied'`, "operation_has_its_verdict"],
    [`update operations set reason = 'other'`, "operation_has_its_verdict"],
    [`update operations set signed = 'other'`, "operation_is_immutable"],
    [`update operations set sequence = 2`, "operation_is_immutable"],
    [`delete from operations`, "operations_append_only"],
    [`truncate operations cascade`, "operations_append_only"],
    [`update audit_entries set actor = 'nobody'`, "audit_entries_append_only"],
    [`delete from audit_entries`, "audit_entries_append_only"],
    [`truncate audit_entries cascade`, "audit_entries_append_only"],
  ],
};

const changePayee = (set: string, version = 2) =>
  `insert into payee_history (payee, version, actor, cause, change, state)
     values (1, ${version}, 'by hand', 'test', 'UPDATE_ADDRESS', 'active');
   update payees set ${set}, version = ${version} where id = 1`;

const brokenMapper: Readonly<Record<string, readonly [sql: string, rule: string][]>> = {
  payees: [
    [changePayee("preferred = null"), "one_address_is_preferred"],
    [changePayee("preferred = 3"), "preferred_is_an_address"],
    [changePayee("state = 'unlinked'"), "unlinked_has_no_address"],
    [changePayee("payee_identity = 'P-3'"), "payee_identity_is_fixed"],
    [`update payees set state = 'inactive' where id = 1`, "payee_change_is_in_history"],
    [`update payees set version = 2 where id = 1`, "payee_change_is_told"],
    [
      `insert into payees (institution_id, payee_identity, state, version) values ('welfare', 'P-1', 'active', 1)`,
      "payees_institution_id_payee_identity_key",
    ],
  ],
  "addresses of payees": [
    [
      `insert into payee_addresses (payee, n, modality, address_token, address_index, active)
       values (2, 1, '01', 'token', sha256('3'), true)`,
      "one_address_is_preferred",
    ],
    [`update payee_addresses set active = (n = 2) where payee = 1`, "one_address_is_preferred"],
    [`delete from payee_addresses where payee = 1 and n = 1`, "preferred_is_an_address"],
    [`update payee_addresses set address_index = null where n = 2`, "address_is_found_by_its_index"],
    [
      `update payee_addresses set address_token = null, address_index = null where n = 2`,
      "only_a_voucher_needs_no_address",
    ],
  ],
  "the history of payees": [
    [`update payee_history set actor = 'nobody'`, "payee_history_append_only"],
    [`delete from payee_history`, "payee_history_append_only"],
    [`truncate payee_history cascade`, "payee_history_append_only"],
  ],
  "items of the mapper": [
    [
      `insert into mapper_items (request, line, done, failure_reason) values (1, 1, false, 'x')`,
      "mapper_item_has_one_outcome",
    ],
    [
      `insert into mapper_items (request, line, done, address_token) values (1, 1, true, 'token')`,
      "finished_item_holds_no_address",
    ],
  ],
};

for (const [what, cases] of Object.entries({ ...broken, ...brokenMapper })) {
  describe(`${what}, written by hand`, () => {
    test.each(cases)("%s breaks the rule %s", async (sql, rule) => {
      await expect(client.query(`begin; ${sql}; commit`)).rejects.toMatchObject({ constraint: rule });
    });
  });
}

test("what was sealed beside an operation can be erased, also after the verdict", async () => {
  const { rowCount } = await client.query("update operations set sealed = null");
  expect(rowCount).toBe(1);
});

test("a closed lease stays closed", async () => {
  await client.query("begin");
  await client.query(`update vouchers set state = 'activated' where serial = 2`);
  await client.query(`update leases set closed_at = now(), closed_by = 'released' where voucher_serial = 2`);
  const reopen = client.query(
    `update leases set closed_at = null, closed_by = null where voucher_serial = 2`,
  );
  await expect(reopen).rejects.toMatchObject({ constraint: "lease_closes_once" });
});
