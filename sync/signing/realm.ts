/**
 * What every context string begins with: of signatures, key ids, proofs, commitments and verifiers. In practice it is
 * another one, so that nothing of a make-believe till could be taken by a real server, nor the other way round, even
 * under one key. It is chosen once, at the very start of a thread, before anything is signed.
 */
import { utf8ToBytes } from "@noble/hashes/utils.js";

let realm: "paypost" | "paypost-practice" = "paypost";

/** There is no way back: whatever this thread does from now on is make-believe. */
export function enterPractice(): void {
  realm = "paypost-practice";
}

/** The bytes of `<realm>/1/<use>`. */
export function contextOf(use: string): Uint8Array {
  return utf8ToBytes(`${realm}/1/${use}`);
}
