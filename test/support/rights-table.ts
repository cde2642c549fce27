/** The table of rights as docs/security.md has it; `node test/support/rights-table.ts` prints it. */
import { actionNames, mayDo, roles } from "../../node-server/operators/rights.ts";

export function rightsTable(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const width = Math.max(...actionNames.map((action) => action.length + 2));
  const lines = actionNames.map((action) =>
    row([
      `\`${action}\``.padEnd(width),
      ...roles.map((role) => (mayDo([role], action) ? "✓" : "–").padEnd(role.length)),
    ]),
  );
  const head = row(["action".padEnd(width), ...roles]);
  const line = row(["-".repeat(width), ...roles.map((role) => "-".repeat(role.length))]);
  return [head, line, ...lines].join("\n");
}

if (process.argv[1] === import.meta.filename) console.log(rightsTable());
