/**
 * What the server's decisions need of its database: one transaction at a time, rows locked before they are judged.
 * The PostgreSQL implementation is in `../postgres/store.ts`.
 *
 * Lock order, the same everywhere: the node's row, then a bill, or a disbursement batch and its instructions by line, then
 * vouchers by serial, then accounts by id; payees by id.
 */
import type { DisclosureRows } from "./disclosures.ts";
import type { AccountValidationRows } from "./account-validations.ts";
import type { BatchDetailRows } from "./batch-detail.ts";
import type { BillTx } from "./bill-rows.ts";
import type { ClaimRows, LedgerRows, RedemptionRequestRows, WrongNumberRows } from "./claims.ts";
import type { DisbursementRows, FundsRows } from "./disbursement.ts";
import type { DisputeRows, HeldDecisionRows, RecoveryRows } from "./disputes.ts";
import type { ExecutionRows } from "./execution.ts";
import type { MapperRequestRows, PayeeRows } from "./mapper.ts";
import type { AlertRows, CallbackRows, NotificationRows } from "./messages.ts";
import type {
  CarriedRows,
  LeaseRows,
  LimitRows,
  NodeQuestionRows,
  NodeRows,
  OperationRows,
  ProjectionRows,
} from "./nodes.ts";
import type { RegistryRows } from "./registry.ts";
import type { AuditRows, JobRows, RequestRows, SealedAnswerRows } from "./requests.ts";
import type {
  BatchRows,
  BudgetRows,
  CommandRows,
  InventoryRows,
  RestockingRows,
  VoucherRows,
} from "./vouchers.ts";

export * from "./claims.ts";
export * from "./disputes.ts";
export * from "./messages.ts";
export * from "./nodes.ts";
export * from "./registry.ts";
export * from "./requests.ts";
export * from "./vouchers.ts";

export interface Store {
  /** Runs `work` in one transaction: everything it did is committed when it returns, nothing when it throws. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface Tx extends BillTx {
  /** The database's clock, read now: a time taken after a lock is later than the one who held it before. */
  now(): Promise<Date>;
  readonly registry: RegistryRows;
  readonly vouchers: VoucherRows;
  readonly batches: BatchRows;
  readonly commands: CommandRows;
  readonly leases: LeaseRows;
  readonly claims: ClaimRows;
  readonly nodes: NodeRows;
  readonly operations: OperationRows;
  readonly requests: RequestRows;
  readonly ledger: LedgerRows;
  readonly shapes: ProjectionRows;
  readonly jobs: JobRows;
  readonly audit: AuditRows;
  readonly disclosures: DisclosureRows;
  readonly redemptionRequests: RedemptionRequestRows;
  readonly wrongNumbers: WrongNumberRows;
  readonly nodeQuestions: NodeQuestionRows;
  readonly alerts: AlertRows;
  readonly sealedAnswers: SealedAnswerRows;
  readonly inventory: InventoryRows;
  readonly budgets: BudgetRows;
  readonly restocking: RestockingRows;
  readonly limits: LimitRows;
  readonly carried: CarriedRows;
  readonly callbacks: CallbackRows;
  readonly notifications: NotificationRows;
  readonly recovery: RecoveryRows;
  readonly heldDecisions: HeldDecisionRows;
  readonly disputes: DisputeRows;
  readonly payees: PayeeRows;
  readonly mapperRequests: MapperRequestRows;
  readonly disbursements: DisbursementRows;
  readonly accountValidations: AccountValidationRows;
  readonly funds: FundsRows;
  readonly execution: ExecutionRows;
  readonly batchDetail: BatchDetailRows;
}
