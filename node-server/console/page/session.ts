/** Who is signed in, and what they may do. */
import { createContext, useContext } from "react";
import type { ActionName, Role } from "../../operators/rights.ts";

export interface SignedIn {
  readonly name: string;
  readonly roles: readonly Role[];
  /** Of an outside party: whose data they see. */
  readonly party: string | null;
  readonly may: readonly ActionName[];
  readonly csrf: string;
}

export type Me = { readonly provider: boolean } & (
  | ({ readonly signedIn: true } & SignedIn)
  | { readonly signedIn: false }
);

export const SessionContext = createContext<SignedIn | undefined>(undefined);

export function useSession(): SignedIn {
  const session = useContext(SessionContext);
  if (!session) throw new Error("this part of the page is for people who are signed in");
  return session;
}

export function useMay(): (action: ActionName) => boolean {
  const { may } = useSession();
  return (action) => may.includes(action);
}
