/** What an action of the console is: reading a list or something else, changing something, or fetching a file. */
import type { Pool } from "pg";
import { z } from "zod";
import type { CarriedDependencies } from "../operations/carried.ts";
import type { Operator } from "../operators/sessions.ts";
import type { ListSource } from "../postgres/console/page-of.ts";
import type { SeenDatabase } from "../recovery/generation-file.ts";

export interface ConsoleParts extends CarriedDependencies {
  readonly pool: Pool;
  readonly randomBytes: (length: number) => Uint8Array;
  /** What is known of the database outside of it. */
  readonly readSeen: () => Promise<SeenDatabase | undefined>;
}

export interface ActionContext extends ConsoleParts {
  readonly operator: Operator;
}

export type Refused = { readonly ok: false; readonly refusal: string };
export type Outcome<Answer> = { readonly ok: true; readonly answer: Answer } | Refused;

export interface ListAction<Row extends object, Shown extends z.ZodObject> {
  readonly kind: "list";
  readonly source: ListSource<Row>;
  /** A row as the page and the CSV file have it. */
  readonly shown: Shown;
  readonly toShown: (row: Row, context: ActionContext) => z.input<Shown>;
  /** Reading it is told in the audit trail: vouchers and people. */
  readonly audited: boolean;
}

export interface ReadAction<Input extends z.ZodObject, Answer extends z.ZodType> {
  readonly kind: "read";
  readonly input: Input;
  readonly answer: Answer;
  readonly audited: boolean;
  run(context: ActionContext, input: z.output<Input>): Promise<Outcome<z.input<Answer>>>;
}

export interface ChangeAction<Input extends z.ZodObject, Answer extends z.ZodType> {
  readonly kind: "change";
  readonly input: Input;
  readonly answer: Answer;
  /** What the audit trail says that it is about. */
  subject(input: z.output<Input>): string;
  /** What the audit trail tells of the input, where that is not all of it. */
  told?(input: z.output<Input>): Readonly<Record<string, unknown>>;
  run(context: ActionContext, input: z.output<Input>): Promise<Outcome<z.input<Answer>>>;
}

export interface FileAction<Input extends z.ZodObject> {
  readonly kind: "file";
  readonly input: Input;
  subject(input: z.output<Input>): string;
  run(context: ActionContext, input: z.output<Input>): Promise<Outcome<ServedFile>>;
}

export interface ServedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

// A row is what the list's own query gives: nothing else ever makes one.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyList = ListAction<any, z.ZodObject>;

export type Action =
  | AnyList
  | ReadAction<z.ZodObject, z.ZodType>
  | ChangeAction<z.ZodObject, z.ZodType>
  | FileAction<z.ZodObject>;

export function list<Row extends object, Shown extends z.ZodObject>(
  source: ListSource<Row>,
  shown: Shown,
  toShown: (row: Row, context: ActionContext) => z.input<Shown>,
  { audited = false }: { readonly audited?: boolean } = {},
): ListAction<Row, Shown> {
  return { kind: "list", source, shown, toShown, audited };
}

export function read<Input extends z.ZodObject, Answer extends z.ZodType>(
  action: Omit<ReadAction<Input, Answer>, "kind" | "audited"> & { readonly audited?: boolean },
): ReadAction<Input, Answer> {
  return { audited: false, ...action, kind: "read" };
}

export function change<Input extends z.ZodObject, Answer extends z.ZodType>(
  action: Omit<ChangeAction<Input, Answer>, "kind">,
): ChangeAction<Input, Answer> {
  return { ...action, kind: "change" };
}

export function file<Input extends z.ZodObject>(action: Omit<FileAction<Input>, "kind">): FileAction<Input> {
  return { ...action, kind: "file" };
}

export function answered<Answer>(answer: Answer): Outcome<Answer> {
  return { ok: true, answer };
}

export function refused(refusal: string): Refused {
  return { ok: false, refusal };
}
