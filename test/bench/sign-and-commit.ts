/**
 * The raw limit of an offline redemption, in a process of its own: `sign-and-commit.ts DATABASE BYTES`, forked. For each number
 * that it is sent it signs and commits as often, and answers with the milliseconds of each.
 */
import Database from "better-sqlite3";
import nacl from "tweetnacl";
import { webRandomBytes } from "#sync/signing/random.ts";

const [path = "", bytes = ""] = process.argv.slice(2);
const database = new Database(path);
database.pragma("journal_mode = wal");
database.pragma("synchronous = full");
database.exec("create table operations (sequence integer primary key, signed blob not null) strict");
const insert = database.prepare("insert into operations (signed) values (?)");
const { secretKey } = nacl.sign.keyPair();
// As quick as it gets: some two hundred pass before all of tweetnacl is compiled.
for (let warm = 0; warm < 300; warm++) nacl.sign.detached(webRandomBytes(Number(bytes)), secretKey);
process.on("message", (times: number) => process.send?.(Array.from({ length: times }, signAndCommit)));
process.on("disconnect", () => database.close());

function signAndCommit(): number {
  const message = webRandomBytes(Number(bytes));
  const begun = performance.now();
  nacl.sign.detached(message, secretKey);
  insert.run(message);
  return performance.now() - begun;
}
