/** The programmes that this node serves, and where, as the server told them. */
import type { ServedProgramme } from "#sync/ports/shape-storage.ts";
import type { NodeDatabase } from "../database.ts";

export function readServedProgrammes(database: NodeDatabase): ServedProgramme[] {
  return database
    .prepare<[], { programme: string; area: string | null; areas: string }>(
      "select * from served_programmes order by programme",
    )
    .all()
    .map(({ areas, ...row }) => ({ ...row, areas: JSON.parse(areas) as string[] }));
}

/** Replaces all of them; call it inside a transaction. */
export function keepServedProgrammes(database: NodeDatabase, programmes: readonly ServedProgramme[]): void {
  database.prepare("delete from served_programmes").run();
  const insert = database.prepare("insert into served_programmes (programme, area, areas) values (?, ?, ?)");
  for (const { programme, area, areas } of programmes) insert.run(programme, area, JSON.stringify(areas));
}
