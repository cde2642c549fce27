/** The operators' command line. It works on the database directly: whoever has the database is an operator. */
import { configOrExit } from "../config-or-exit.ts";
import { connectToDatabase, exitWithoutDatabase } from "../database.ts";
import { runCommandLine } from "./command-line.ts";

const said = await runCommandLine(process.argv.slice(2), async () => {
  const { config } = configOrExit(process.env);
  return { config, database: await connectToDatabase(config).catch(exitWithoutDatabase) };
});
if (said.stdout !== "") console.log(said.stdout);
if (said.stderr !== "") console.error(said.stderr);
process.exitCode = said.code;
