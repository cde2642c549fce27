/** The operating system's store is simulated: an object of safeStorage's type, which wraps by turning bytes round. */
import { expect, test, vi } from "vitest";
import { openKeyStore } from "./key-store.ts";
import type { AsyncSafeStorage } from "./key-store.ts";

type Backend = ReturnType<AsyncSafeStorage["getSelectedStorageBackend"]>;

function simulatedStorage(tag: string, backend: Backend = "gnome_libsecret"): AsyncSafeStorage {
  return {
    isAsyncEncryptionAvailable: () => Promise.resolve(true),
    encryptStringAsync: (text) =>
      Promise.resolve(Buffer.concat([Buffer.from(tag), turned(Buffer.from(text))])),
    decryptStringAsync(bytes) {
      if (bytes.toString("latin1", 0, tag.length) !== tag) return Promise.reject(new Error("not ours"));
      const result = turned(bytes.subarray(tag.length)).toString();
      return Promise.resolve({ shouldReEncrypt: false, result });
    },
    getSelectedStorageBackend: () => backend,
  };
}

const turned = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0xff));
const seed = Uint8Array.from({ length: 32 }, (_, index) => 255 - index);

test.each([
  ["linux", "v11"],
  ["darwin", "v10"],
  ["win32", "v10"],
] as const)("on %s a key comes back as it was, and is not to be seen in between", async (platform, tag) => {
  const store = await openKeyStore(simulatedStorage(tag), platform);
  const wrapped = await store?.wrap(seed);
  expect(Buffer.from(wrapped ?? []).includes(Buffer.from(seed))).toBe(false);
  expect(await store?.unwrap(wrapped ?? new Uint8Array())).toEqual(seed);
});

test.each(["basic_text", "unknown"] as const)(
  "E7: Linux with the backend %s has no key store",
  async (backend) => {
    const storage = simulatedStorage("v11", backend);
    const encrypt = vi.spyOn(storage, "encryptStringAsync");
    expect(await openKeyStore(storage, "linux")).toBeUndefined();
    expect(encrypt).not.toHaveBeenCalled();
  },
);

test("E7: nothing is kept with Chromium's known key, whatever the backend is called", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  expect(await openKeyStore(simulatedStorage("v10", "kwallet6"), "linux")).toBeUndefined();
});

test("E7: a keyring that goes away later refuses to wrap", async () => {
  let tag = "v11";
  const storage = simulatedStorage(tag);
  storage.encryptStringAsync = (text) =>
    Promise.resolve(Buffer.concat([Buffer.from(tag), turned(Buffer.from(text))]));
  const store = await openKeyStore(storage, "linux");
  tag = "v10";
  await expect(store?.wrap(seed)).rejects.toThrow("everybody knows");
});

test.each([
  ["is not available", { isAsyncEncryptionAvailable: () => Promise.resolve(false) }],
  ["stays locked", { encryptStringAsync: () => Promise.reject(new Error("locked")) }],
  [
    "gives back something else",
    { decryptStringAsync: () => Promise.resolve({ shouldReEncrypt: false, result: "AA==" }) },
  ],
])("a store that %s is not used", async (_how, change) => {
  vi.spyOn(console, "error").mockReturnValue();
  expect(await openKeyStore({ ...simulatedStorage("v11"), ...change }, "linux")).toBeUndefined();
});

test("what the system's store wants wrapped anew is, and nothing else", async () => {
  const storage = simulatedStorage("v11");
  const store = await openKeyStore(storage, "linux");
  const wrapped = (await store?.wrap(seed)) ?? new Uint8Array();
  expect(await store?.renew(wrapped)).toEqual(wrapped);
  const decrypt = storage.decryptStringAsync.bind(storage);
  let tag = "v11";
  storage.encryptStringAsync = (text) =>
    Promise.resolve(Buffer.concat([Buffer.from(tag), Buffer.from("new"), turned(Buffer.from(text))]));
  storage.decryptStringAsync = async (bytes) => {
    const isNew = bytes.toString("latin1", 3, 6) === "new";
    const old = isNew ? Buffer.concat([bytes.subarray(0, 3), bytes.subarray(6)]) : bytes;
    return { ...(await decrypt(old)), shouldReEncrypt: !isNew };
  };
  const renewed = (await store?.renew(wrapped)) ?? new Uint8Array();
  expect(renewed).not.toEqual(wrapped);
  expect(await store?.unwrap(renewed)).toEqual(seed);
  expect(await store?.renew(renewed)).toEqual(renewed);
  // E7 holds for what is wrapped anew as well.
  tag = "v10";
  await expect(store?.renew(wrapped)).rejects.toThrow("everybody knows");
});

test("bytes that were wrapped elsewhere are not turned back", async () => {
  const store = await openKeyStore(simulatedStorage("v11"), "linux");
  await expect(store?.unwrap(Buffer.from("other"))).rejects.toThrow("not ours");
});
