/**
 * Which shapes there are: name, projection table and columns. A new shape is one entry here and one migration that
 * makes its table and calls `register_shape_table`. The types are PostgreSQL's names for them, as the schema header of
 * Electric's protocol wants them.
 */

export interface ShapeColumn {
  readonly type: string;
  readonly not_null?: true;
  /** Place in the primary key, from 0. */
  readonly pk_index?: number;
}

export interface ShapeDefinition {
  readonly table: string;
  readonly columns: Readonly<Record<string, ShapeColumn>>;
  /** Every node reads the same rows, those of the node_id `all`. */
  readonly shared?: true;
}

export type ShapeDefinitions = Readonly<Record<string, ShapeDefinition>>;

/** The node_id whose rows a node reads of a shape. */
export function readerOf(shape: string, nodeId: string): string {
  const definitions: ShapeDefinitions = shapeDefinitions;
  return Object.hasOwn(definitions, shape) && definitions[shape]?.shared ? "all" : nodeId;
}

const nodeId = { type: "text", not_null: true, pk_index: 0 } as const;
const text = { type: "text", not_null: true } as const;
const integer = { type: "int4", not_null: true } as const;

export const shapeDefinitions = {
  leases: {
    table: "shape_leases",
    columns: {
      epoch_generation: integer,
      epoch_n: integer,
      lease: text,
      node_id: nodeId,
      not_after: { type: "timestamptz", not_null: true },
      recalled_at: { type: "timestamptz" },
      serial: { type: "int8", not_null: true, pk_index: 1 },
      token: text,
    },
  },
  elsewhere: {
    table: "shape_elsewhere",
    columns: {
      node_id: nodeId,
      not_after: { type: "timestamptz", not_null: true },
      serial: { type: "int8", not_null: true, pk_index: 1 },
      till: text,
    },
  },
  verdicts: {
    table: "shape_verdicts",
    columns: {
      node_id: nodeId,
      sequence: { type: "int8", not_null: true, pk_index: 1 },
      verdict_list: text,
    },
  },
  trust: {
    table: "shape_trust",
    columns: {
      document: text,
      kind: { type: "text", not_null: true, pk_index: 1 },
      node_id: nodeId,
      version: integer,
    },
  },
  denied: {
    table: "shape_denied",
    columns: {
      chunk: { type: "int4", not_null: true, pk_index: 1 },
      node_id: nodeId,
      serials: text,
    },
    shared: true,
  },
  billers: {
    table: "shape_billers",
    columns: {
      biller_id: { type: "text", not_null: true, pk_index: 1 },
      check_digit: text,
      name: text,
      node_id: nodeId,
      own_digits: { type: "int4" },
      prefix: text,
      time_zone: text,
      voucher_groups: text,
    },
  },
  bills: {
    table: "shape_bills",
    columns: {
      amount_after_due: { type: "int8", not_null: true },
      amount_on_due: { type: "int8", not_null: true },
      area: { type: "text" },
      bill_id: { type: "text", not_null: true, pk_index: 1 },
      biller_id: text,
      currency: text,
      due_on: { type: "text" },
      node_id: nodeId,
      payer_name: { type: "text" },
      status: text,
    },
  },
  floats: {
    table: "shape_floats",
    columns: {
      counted: { type: "int8", not_null: true },
      currency: { type: "text", not_null: true, pk_index: 1 },
      debt_minor: { type: "int8", not_null: true },
      float_minor: { type: "int8", not_null: true },
      node_id: nodeId,
    },
  },
  beneficiaries: {
    table: "shape_beneficiaries",
    columns: {
      node_id: nodeId,
      payee: { type: "int8", not_null: true, pk_index: 1 },
      payee_index: text,
      sealed: text,
      version: integer,
    },
  },
  signals: {
    table: "shape_signals",
    columns: {
      node_id: nodeId,
      shape: { type: "text", not_null: true, pk_index: 1 },
      version: { type: "int8", not_null: true },
    },
  },
} as const satisfies ShapeDefinitions;
