/** Enrols a folder as a node at a real server, with the files of a real till. */
import { enrol } from "../../desktop/worker/enrol.ts";
import { unwrapByStore } from "../../desktop/worker/keys.ts";
import { openStores } from "../../desktop/worker/open.ts";
import type { NodeStores } from "../../desktop/worker/open.ts";
import { noSecret } from "../../desktop/worker/practice/open.ts";
import { reportOf } from "../../desktop/worker/report.ts";
import type { MachineClock, Sleep } from "#sync/ports/clock.ts";
import type { Fetch, ServerLink } from "#sync/ports/transport.ts";
import { createSessions } from "#sync/session.ts";
import type { Sessions } from "#sync/session.ts";
import type { Ed25519Key } from "#sync/signing/ed25519.ts";
import { webRandomBytes } from "#sync/signing/random.ts";
import type { RandomBytes } from "#sync/signing/random.ts";
import { createSyncSigner } from "#sync/signing/signers.ts";
import type { UploadParts } from "#sync/upload.ts";

export interface EnrolledFiles {
  /** Open. */
  readonly stores: NodeStores;
  readonly nodeId: string;
  readonly key: Ed25519Key;
}

export interface FilesToEnrol {
  readonly directory: string;
  readonly serverUrl: string;
  readonly code: string;
  readonly wallMs: () => number;
  readonly fetch: Fetch;
  readonly randomBytes: RandomBytes;
}

/** What tills of tests tell the server to be their program's. */
export const tillVersion = "1.2.3";

/** Throws where the folder is in use, or the server does not let it in. */
export async function enrolFiles(wish: FilesToEnrol): Promise<EnrolledFiles> {
  const { directory, serverUrl, code, wallMs, fetch, randomBytes } = wish;
  const opened = openStores({ directory, wallMs });
  if (!opened.ok) throw new Error("the directory is in use");
  const { stores } = opened;
  // A passphrase would take half a second of each.
  const parts = { stores, fetch, randomBytes, keyStore: noSecret };
  const result = await enrol(parts, { serverUrl, code, passphrase: null, headFile: null });
  if (!result.ok) throw new Error(`not enrolled: ${JSON.stringify(result)}`);
  const key = await unwrapByStore(stores.node.identity()?.wrappedKey ?? "", noSecret);
  if (!key) throw new Error("no key was kept");
  return { stores, nodeId: result.certificate.nodeId, key };
}

export function sessionsOf({ stores, nodeId, key }: EnrolledFiles, link: ServerLink): Sessions {
  const assertions = createSyncSigner("session-assertion", key);
  const report = () => reportOf(stores, tillVersion);
  return createSessions({ link, nodeId, assertions, contact: stores.node, report });
}

/** What an upload alone needs, with a session of its own and one try. */
export function uploadPartsOf(files: EnrolledFiles, link: ServerLink, clock: MachineClock): UploadParts {
  const { queue, trust, leases, node: contact } = files.stores;
  return {
    nodeId: files.nodeId,
    link,
    sessions: sessionsOf(files, link),
    queue,
    trust,
    contact,
    clock,
    patience: { sleep: noSleep, randomBytes: webRandomBytes, attempts: 1 },
    leaseDocument: leases.documentFor.bind(leases),
  };
}

export const noSleep: Sleep = async () => {};
