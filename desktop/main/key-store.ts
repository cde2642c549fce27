/**
 * The operating system's store for keys, through Electron's asynchronous safeStorage. Where it would only pretend to keep
 * a secret there is none, and the till asks for a passphrase.
 *
 * E7  On Linux without a keyring, Chromium wraps with a key that is printed in its source. Nothing is wrapped with it.
 */
import type { SafeStorage } from "electron";
import type { KeyStore } from "../connect.ts";

export type AsyncSafeStorage = Pick<
  SafeStorage,
  "isAsyncEncryptionAvailable" | "encryptStringAsync" | "decryptStringAsync" | "getSelectedStorageBackend"
>;

/** What that known key's output begins with (Chromium: components/os_crypt, "v10"); elsewhere the same tag is sound. */
const knownKeyTag = "v10";

/** Undefined where a passphrase must do. Called once Electron is ready: before, the backend is not known. */
export async function openKeyStore(
  storage: AsyncSafeStorage,
  platform: NodeJS.Platform,
): Promise<KeyStore | undefined> {
  const isLinux = platform === "linux";
  if (isLinux && ["basic_text", "unknown"].includes(storage.getSelectedStorageBackend())) return undefined;
  const wrap = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const wrapped = await storage.encryptStringAsync(Buffer.from(bytes).toString("base64"));
    if (isLinux && wrapped.toString("latin1", 0, knownKeyTag.length) === knownKeyTag)
      throw new NotKeptError();
    return Uint8Array.from(wrapped);
  };
  const unwrap = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const { result } = await storage.decryptStringAsync(Buffer.from(bytes));
    return Uint8Array.from(Buffer.from(result, "base64"));
  };
  // The system's own key was changed, or a better one is there now.
  const renew = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const { shouldReEncrypt } = await storage.decryptStringAsync(Buffer.from(bytes));
    return shouldReEncrypt ? wrap(await unwrap(bytes)) : bytes;
  };
  try {
    if (!(await storage.isAsyncEncryptionAvailable())) return undefined;
    // A keyring that stays locked, or is there in name only, shows before anything depends on it.
    const probe = crypto.getRandomValues(new Uint8Array(16));
    const back = await unwrap(await wrap(probe));
    return Buffer.from(back).equals(probe) ? { wrap, unwrap, renew } : undefined;
  } catch (error) {
    console.error("The key store of this machine is not used:", error);
    return undefined;
  }
}

class NotKeptError extends Error {
  constructor() {
    super("the system offers no keyring, only a key that everybody knows");
  }
}
