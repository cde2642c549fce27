/**
 * Answers that hold a voucher number, kept sealed for a day so that a repeated call gets its first answer (design:
 * voucher token). The key is a file of its own in the key folder; the database alone opens none of them.
 */
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import nacl from "tweetnacl";
import type { Store } from "../../ports/store.ts";
import type { Memory } from "./call.ts";

const keptMs = 24 * 3_600_000;
const nonceLength = nacl.secretbox.nonceLength;

export function sealedMemory(key: Uint8Array, randomBytes: (length: number) => Uint8Array): Memory {
  return {
    async write(tx, request, answer) {
      const nonce = randomBytes(nonceLength);
      const box = nacl.secretbox(utf8ToBytes(answer), nonce, key);
      await tx.sealedAnswers.put(request, concatBytes(nonce, box));
    },
    async read(tx, request) {
      const sealed = await tx.sealedAnswers.find(request);
      if (sealed === undefined) throw new Error(`the call ${request.requestId} left no answer`);
      if (sealed === null) return null;
      const opened = nacl.secretbox.open(sealed.subarray(nonceLength), sealed.subarray(0, nonceLength), key);
      if (!opened) throw new Error("a sealed answer does not open with this installation's key");
      return new TextDecoder().decode(opened);
    },
  };
}

/** Erases the answers whose day is over and returns how many. */
export function eraseSealedAnswers(store: Store): Promise<number> {
  return store.transaction(async (tx) =>
    tx.sealedAnswers.eraseBefore(new Date((await tx.now()).getTime() - keptMs)),
  );
}
