/** What is said of a carried file that was not taken in, and what to do about it. */
import type { CarriedRefusal } from "./carried.ts";

export function carriedMessages(refusal: CarriedRefusal): string {
  switch (refusal.code) {
    case "malformed":
      return "this is not the whole of a file that a till exported; copy it again, or export it anew";
    case "unknown-node":
      return "the till that made it is not enrolled at this server";
    case "bad-signature":
      return "it was changed on its way, or was not made by the till that it names; nothing of it was stored";
    case "another-server":
      return "it is sealed for another server, or for a key that this one no longer uses; export it anew";
    case "gap":
      return (
        `it begins after operations that are not stored here (the last one is ${refusal.lastSequence}); ` +
        `hand in the file before it first, or export with --after ${refusal.lastSequence}`
      );
  }
}
