/**
 * The server's store on PostgreSQL: one READ COMMITTED transaction for each unit of work, with rows locked before they
 * are judged (design: "No voucher is paid twice", 5). Deadlocks and serialization failures are run anew.
 */
import { Kysely, sql } from "kysely";
import type { Pool } from "pg";
import type { Job, Store, Tx } from "../ports/store.ts";
import type { JobQueue } from "../jobs/boss.ts";
import { acrossInstitutions } from "../acting-institution.ts";
import { noAddresses } from "../addresses.ts";
import type { Addresses } from "../addresses.ts";
import { agentRows } from "./agent-rows.ts";
import { alertRows } from "./alert-rows.ts";
import { auditRows } from "./audit-rows.ts";
import { batchDetailRows } from "./batch-detail-rows.ts";
import { batchRows } from "./batch-rows.ts";
import { billPaymentRows } from "./bill-payment-rows.ts";
import { billInquiryRows, billRows } from "./bill-rows.ts";
import { billerRows } from "./biller-rows.ts";
import { budgetRows } from "./budget-rows.ts";
import { carriedRows } from "./carried-rows.ts";
import { callbackRows } from "./callback-rows.ts";
import { claimRows } from "./claim-rows.ts";
import { commandRows } from "./command-rows.ts";
import { isPlanOutdated, StoreDialect } from "./dialect.ts";
import { disbursementRows } from "./disbursement-rows.ts";
import { disclosureRows } from "./disclosure-rows.ts";
import { disputeRows } from "./dispute-rows.ts";
import { executionRows } from "./execution-rows.ts";
import { accountValidationRows } from "./account-validation-rows.ts";
import { fundsRows } from "./funds-rows.ts";
import { heldDecisionRows } from "./held-decision-rows.ts";
import { inventoryRows } from "./inventory-rows.ts";
import { jobRows } from "./job-rows.ts";
import { leaseRows } from "./lease-rows.ts";
import { limitRows } from "./limit-rows.ts";
import { ledgerRows } from "./ledger-rows.ts";
import { mapperRequestRows } from "./mapper-request-rows.ts";
import { nodeQuestionRows } from "./node-question-rows.ts";
import { nodeRows } from "./node-rows.ts";
import { notificationRows } from "./notification-rows.ts";
import { operationRows } from "./operation-rows.ts";
import { payeeRows } from "./payee-rows.ts";
import { projectionRows } from "./projection-rows.ts";
import { restockingRows } from "./restocking-rows.ts";
import { recoveryRows } from "./recovery-rows.ts";
import { redemptionRequestRows } from "./redemption-request-rows.ts";
import { registryRows } from "./registry-rows.ts";
import { requestRows } from "./request-rows.ts";
import { requestToPayRows } from "./request-to-pay-rows.ts";
import type { Trx } from "./rows.ts";
import type { Database } from "./schema.ts";
import { sealedAnswerRows } from "./sealed-answer-rows.ts";
import { voucherRows } from "./voucher-rows.ts";
import { wrongNumberRows } from "./wrong-number-rows.ts";

export interface PostgresStoreOptions {
  readonly pool: Pool;
  readonly jobs: JobQueue;
  /** Without it the store refuses to read or write payees' addresses. */
  readonly addresses?: Addresses;
  /** Whether a caller's transactions are held to its institution's rows (`caller-role.ts`). */
  readonly heldToInstitution?: boolean;
}

export function createPostgresStore({
  pool,
  jobs,
  addresses = noAddresses,
  heldToInstitution = false,
}: PostgresStoreOptions): Store {
  const db = new Kysely<Database>({ dialect: new StoreDialect({ pool, heldToInstitution }) });
  return {
    async transaction(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await runTransaction({ db, jobs, addresses }, work);
        } catch (error) {
          if (attempt > mostRetries || !isWorthRetrying(error)) throw error;
        }
      }
    },
  };
}

const mostRetries = 3;

interface Parts extends Pick<Required<PostgresStoreOptions>, "jobs" | "addresses"> {
  readonly db: Kysely<Database>;
}

async function runTransaction<T>({ db, ...parts }: Parts, work: (tx: Tx) => Promise<T>): Promise<T> {
  const enqueued = new Set<Job["queue"]>();
  const result = await db
    .transaction()
    .setIsolationLevel("read committed")
    .execute((trx) => work(createTx(trx, parts, enqueued)));
  // Whoever works on them does so for nobody.
  acrossInstitutions(() => parts.jobs.wake(enqueued));
  return result;
}

function createTx(trx: Trx, { jobs, addresses }: Omit<Parts, "db">, enqueued: Set<Job["queue"]>): Tx {
  return {
    async now() {
      const read = sql<{ now: Date }>`select clock_timestamp() as now`;
      const [row] = (await read.execute(trx)).rows;
      if (!row) throw new Error("the database told no time");
      return row.now;
    },
    registry: registryRows(trx),
    vouchers: voucherRows(trx),
    batches: batchRows(trx),
    commands: commandRows(trx),
    leases: leaseRows(trx),
    claims: claimRows(trx),
    nodes: nodeRows(trx),
    operations: operationRows(trx),
    requests: requestRows(trx),
    ledger: ledgerRows(trx),
    shapes: projectionRows(trx),
    jobs: jobRows(trx, jobs, enqueued),
    audit: auditRows(trx),
    disclosures: disclosureRows(trx),
    redemptionRequests: redemptionRequestRows(trx),
    wrongNumbers: wrongNumberRows(trx),
    nodeQuestions: nodeQuestionRows(trx),
    alerts: alertRows(trx),
    callbacks: callbackRows(trx),
    notifications: notificationRows(trx),
    sealedAnswers: sealedAnswerRows(trx),
    inventory: inventoryRows(trx),
    budgets: budgetRows(trx),
    restocking: restockingRows(trx),
    limits: limitRows(trx),
    carried: carriedRows(trx),
    recovery: recoveryRows(trx),
    heldDecisions: heldDecisionRows(trx),
    disputes: disputeRows(trx),
    billers: billerRows(trx),
    bills: billRows(trx),
    billInquiries: billInquiryRows(trx),
    billPayments: billPaymentRows(trx),
    requestsToPay: requestToPayRows(trx),
    payees: payeeRows(trx, addresses),
    mapperRequests: mapperRequestRows(trx, addresses),
    agents: agentRows(trx),
    disbursements: disbursementRows(trx),
    accountValidations: accountValidationRows(trx),
    funds: fundsRows(trx),
    execution: executionRows(trx),
    batchDetail: batchDetailRows(trx),
  };
}

/** The transaction did nothing, and may do better the next time. */
function isWorthRetrying(error: unknown): boolean {
  if (isPlanOutdated(error)) return true;
  // `serialization_failure` and `deadlock_detected`.
  return error instanceof Error && "code" in error && (error.code === "40001" || error.code === "40P01");
}
