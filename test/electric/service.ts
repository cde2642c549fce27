/** The Electric service and the database that `npm run test:electric` is pointed at. */
import { Client } from "pg";

export interface ElectricService {
  readonly electricUrl: string;
  readonly secret: string;
  readonly databaseUrl: string;
}

export type FoundService =
  | { readonly ok: true; readonly service: ElectricService }
  | { readonly ok: false; readonly reason: string };

/** From the environment, where it is set. */
export function electricService(env: NodeJS.ProcessEnv = process.env): FoundService {
  const { ELECTRIC_URL: electricUrl, DATABASE_URL: databaseUrl, ELECTRIC_SECRET: secret = "" } = env;
  const unset = [...(electricUrl ? [] : ["ELECTRIC_URL"]), ...(databaseUrl ? [] : ["DATABASE_URL"])];
  if (!electricUrl || !databaseUrl) return { ok: false, reason: `${unset.join(" and ")} not set` };
  return { ok: true, service: { electricUrl, secret, databaseUrl } };
}

/** Everything in the database is dropped. Throws where its name does not say that it is there for tests. */
export async function emptyDatabase(databaseUrl: string): Promise<void> {
  const name = new URL(databaseUrl).pathname.slice(1);
  if (!name.endsWith("_test")) {
    throw new Error(
      `DATABASE_URL names the database "${name}". Everything in it would be dropped, so its name must end in "_test".`,
    );
  }
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ wal_level: string }>("show wal_level");
    if (rows[0]?.wal_level !== "logical")
      throw new Error(`wal_level is ${rows[0]?.wal_level}; Electric needs logical`);
    await client.query(`
      do $$ declare name text; begin
        for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
          execute format('drop schema %I cascade', name);
        end loop;
      end $$;
      create schema public`);
  } finally {
    await client.end();
  }
}
