/** Says plainly that nothing was tested, where there is nothing to test against. */
import { electricService } from "./service.ts";

export default function sayWhy(): void {
  const found = electricService();
  if (found.ok) return;
  console.log(
    `\nSKIPPED: ${found.reason}. The tests of the real Electric service were not run.\n` +
      "Set ELECTRIC_URL (1.7.12 or later), ELECTRIC_SECRET, and DATABASE_URL: a database whose name ends in _test, with\n" +
      "wal_level=logical, which that Electric follows. Everything in it is dropped.\n",
  );
}
