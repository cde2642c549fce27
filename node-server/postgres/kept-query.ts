/** Queries whose text is always the same: kysely builds one anew each time that it is asked, these are built once. */
import type { CompiledQuery, QueryResult } from "kysely";
import type { Trx } from "./rows.ts";

type Build<Args extends readonly unknown[], Row> = (
  trx: Trx,
  ...args: Args
) => { compile(trx: Trx): CompiledQuery<Row> };

/** `build` is called once, and puts what it is given into the query as values: it cannot look at them. */
export function keptQuery<Args extends readonly unknown[], Row>(
  build: Build<Args, Row>,
): (trx: Trx, ...args: Args) => Promise<QueryResult<Row>> {
  let compiled: CompiledQuery<Row> | undefined;
  return (trx, ...args) => {
    compiled ??= build(trx, ...(args.map((_, index) => new Place(index)) as unknown as Args)).compile(trx);
    const parameters = compiled.parameters.map((value) =>
      value instanceof Place ? args[value.index] : value,
    );
    return trx.executeQuery({ ...compiled, parameters });
  };
}

/** Stands for an argument in a query that is built. */
class Place {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}
