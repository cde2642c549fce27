/**
 * How the store talks to PostgreSQL: a statement that comes again is parsed and planned once for each connection, and a
 * transaction begins and ends with one message each.
 */
import { CompiledQuery, PostgresDialect, PostgresDriver } from "kysely";
import type {
  DatabaseConnection,
  Driver,
  PostgresPool,
  PostgresPoolClient,
  TransactionSettings,
} from "kysely";
import { escapeLiteral } from "pg";
import type { Pool, PoolClient } from "pg";
import { actingInstitution } from "../acting-institution.ts";
import { callerRole } from "./caller-role.ts";

export interface StoreDialectOptions {
  readonly pool: Pool;
  /** Whether a caller's transactions are held to its institution's rows (`caller-role.ts`). */
  readonly heldToInstitution: boolean;
}

export class StoreDialect extends PostgresDialect {
  readonly #options: StoreDialectOptions;

  constructor(options: StoreDialectOptions) {
    super({ pool: options.pool });
    this.#options = options;
  }

  override createDriver(): Driver {
    return new StoreDriver(this.#options);
  }
}

class StoreDriver extends PostgresDriver {
  readonly #heldToInstitution: boolean;

  constructor({ pool, heldToInstitution }: StoreDialectOptions) {
    super({ pool: preparing(pool) });
    this.#heldToInstitution = heldToInstitution;
  }

  override async beginTransaction(
    connection: DatabaseConnection,
    { isolationLevel = "read committed" }: TransactionSettings,
  ): Promise<void> {
    const begin = `begin isolation level ${isolationLevel}`;
    const institution = this.#heldToInstitution ? actingInstitution() : undefined;
    const held =
      institution === undefined
        ? ""
        : `; select set_config('paypost.institution', ${escapeLiteral(institution.id)}, true),
            set_config('paypost.about_others', '${institution.isAboutOthers ? "on" : "off"}', true),
            set_config('role', '${callerRole}', true)`;
    await connection.executeQuery(CompiledQuery.raw(begin + held));
  }

  /**
   * The deferred rules are checked by a statement and not by COMMIT. And where the work swallowed the error of a statement,
   * this one fails, while COMMIT would roll back without a word.
   */
  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("set constraints all immediate; commit"));
  }
}

/** The pool with clients that name the statements which have values. */
function preparing(pool: Pool): PostgresPool {
  const clients = new WeakMap<PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      const known = clients.get(client) ?? preparingClient(client);
      clients.set(client, known);
      return known;
    },
  };
}

function preparingClient(client: PoolClient): PostgresPoolClient {
  const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
    const name = values.length === 0 ? undefined : statements.nameOf(text);
    try {
      return await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
    } catch (error) {
      if (isPlanOutdated(error)) statements.forget(text);
      throw error;
    }
  };
  // Of the driver's overloads this is the one that is called: there are no cursors.
  return { query: query as PostgresPoolClient["query"], release: (destroy) => client.release(destroy) };
}

/** Of how many texts plans are kept; where there are more, they are built for one occasion each. */
const mostStatements = 500;

/** A text has the same name on every connection of the process. */
class StatementNames {
  readonly #names = new Map<string, string>();
  #given = 0;

  nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size === mostStatements) return known;
    const name = `paypost_${(this.#given += 1)}`;
    this.#names.set(text, name);
    return name;
  }

  /** It gets another name, so that every connection plans it anew. */
  forget(text: string): void {
    this.#names.delete(text);
  }
}

const statements = new StatementNames();

/**
 * A table has got another column since the statement was planned, by the migration of a newer server beside this one. The
 * statement did nothing, and is planned anew by the next try.
 */
export function isPlanOutdated(error: unknown): boolean {
  return error instanceof Error && "routine" in error && error.routine === "RevalidateCachedQuery";
}
