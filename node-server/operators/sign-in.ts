/** Signing in with a local account: a password and a code of an authenticator app, both right, or nothing is told. */
import { waitSeconds } from "./lockout.ts";
import { appLink, openSecret, stepOfCode, typedSecret } from "./one-time-code.ts";
import { hashPassword, isPassword, passwordLength } from "./password.ts";
import { openSession } from "./sessions.ts";
import type { LocalAccount, OperatorStore } from "../ports/operators.ts";

export interface SignInDependencies {
  readonly operators: OperatorStore;
  /** Opens the secrets of authenticator apps. */
  readonly operatorKey: Uint8Array;
  readonly randomBytes: (length: number) => Uint8Array;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
  readonly code: string;
  /** The address that it comes from. */
  readonly from: string;
}

export type SignInRefusal =
  /** Of name, password and code at least one; which is not told. */
  | { readonly code: "wrong" }
  | { readonly code: "locked"; readonly seconds: number }
  | { readonly code: "invitation-over" }
  | { readonly code: "unfit-password" };

export type SignedIn =
  | { readonly ok: true; readonly kind: "session"; readonly sessionId: string }
  /** The one-time password is right: the person chooses their own, and their app is told the secret. */
  | { readonly ok: true; readonly kind: "invited"; readonly appLink: string; readonly typedSecret: string }
  | { readonly ok: false; readonly refusal: SignInRefusal };

export async function signIn(deps: SignInDependencies, given: Credentials): Promise<SignedIn> {
  const tried = await tryPassword(deps, given);
  if (!tried.ok) return tried;
  const { account } = tried;
  const secret = openSecret(deps.operatorKey, account.totpSecret);
  if (account.invitedUntil !== null) {
    const over = await isOver(deps, account);
    if (over) return over;
    return {
      ok: true,
      kind: "invited",
      appLink: appLink(account.name, secret),
      typedSecret: typedSecret(secret),
    };
  }
  return withCode(deps, account, given, "password");
}

/** The first sign-in: what was given is the one-time password, `chosen` the person's own. */
export async function acceptInvitation(
  deps: SignInDependencies,
  given: Credentials & { readonly chosen: string },
): Promise<SignedIn> {
  const { chosen, name, password } = given;
  const isFit =
    chosen.length >= passwordLength.least &&
    chosen.length <= passwordLength.most &&
    chosen !== password &&
    !chosen.toLowerCase().includes(name.toLowerCase());
  if (!isFit) return refused({ code: "unfit-password" });
  const tried = await tryPassword(deps, given);
  if (!tried.ok) return tried;
  const { account } = tried;
  if (account.invitedUntil === null) return refused({ code: "invitation-over" });
  const over = await isOver(deps, account);
  if (over) return over;
  const hash = await hashPassword(chosen);
  return withCode(deps, account, given, "invitation", () =>
    deps.operators.acceptInvitation(account.id, hash),
  );
}

type Tried =
  | { readonly ok: true; readonly account: LocalAccount }
  | { readonly ok: false; readonly refusal: SignInRefusal };

async function tryPassword({ operators }: SignInDependencies, given: Credentials): Promise<Tried> {
  const tried = await operators.countTry(given.name, waitSeconds);
  if (tried.kind === "locked") return refused({ code: "locked", seconds: tried.seconds });
  const account = tried.kind === "counted" ? tried.account : undefined;
  const isRight = await isPassword(given.password, account?.passwordHash);
  if (account && isRight) return { ok: true, account };
  if (account) await operators.recordFailure(account, given.from);
  return refused({ code: "wrong" });
}

async function withCode(
  deps: SignInDependencies,
  account: LocalAccount,
  { code, from }: Credentials,
  by: "password" | "invitation",
  whenRight: () => Promise<boolean> = async () => true,
): Promise<SignedIn> {
  const { operators, operatorKey, randomBytes } = deps;
  const now = await operators.now();
  const step = stepOfCode(
    openSecret(operatorKey, account.totpSecret),
    code.replaceAll(" ", ""),
    now.getTime(),
  );
  if (step === null || !(await operators.useCode(account.id, step)) || !(await whenRight())) {
    await operators.recordFailure(account, from);
    return refused({ code: "wrong" });
  }
  await operators.forgetFailures(account.id);
  const sessionId = await openSession(operators, randomBytes, { operatorId: account.id, from, by });
  return { ok: true, kind: "session", sessionId };
}

async function isOver({ operators }: SignInDependencies, { invitedUntil }: LocalAccount) {
  const isGood = invitedUntil !== null && invitedUntil.getTime() > (await operators.now()).getTime();
  return isGood ? undefined : refused({ code: "invitation-over" });
}

function refused(refusal: SignInRefusal) {
  return { ok: false, refusal } as const;
}
