/** The deny list that counts, in SQLite: the load that the shape's head names. */
import { readSerialSet } from "#sync/serial-set.ts";
import type { NodeDatabase } from "../database.ts";

export interface DeniedStorage {
  isDenied(serial: bigint): boolean;
  /** As of when the list was complete; undefined before it was, and where a part of it could not be read. */
  asOfMs(): number | undefined;
}

export function createDeniedStorage(database: NodeDatabase): DeniedStorage {
  const spanning = database.prepare<[bigint, bigint], { serials: Buffer }>(
    `select serials from denied where load = (select load from shape_heads where name = 'denied')
       and first_serial <= ? and last_serial >= ?`,
  );
  const age = database.prepare<[], { as_of_ms: bigint }>(
    `select as_of_ms from shape_ages where shape = 'denied'
       and not exists (select 1 from rows_aside where shape = 'denied')`,
  );
  return {
    isDenied: (serial) =>
      spanning.all(serial, serial).some(({ serials }) => readSerialSet(serials)?.includes(serial) ?? true),
    asOfMs() {
      const row = age.get();
      return row && Number(row.as_of_ms);
    },
  };
}
