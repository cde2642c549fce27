/** A request under the node's session, repeated while that may help; a session that ran out is renewed once. */
import { patiently } from "./back-off.ts";
import type { Patience } from "./back-off.ts";
import type { ServerLink } from "./ports/transport.ts";
import { post } from "./server-call.ts";
import type { Call, CallResult } from "./server-call.ts";
import type { Sessions } from "./session.ts";

export interface NodeCallParts {
  readonly link: ServerLink;
  readonly sessions: Sessions;
  readonly patience: Patience;
}

export async function postAsNode(
  { link, sessions, patience }: NodeCallParts,
  call: Pick<Call, "path" | "contentType" | "body">,
): Promise<CallResult> {
  const once = () =>
    patiently<CallResult>(patience, async () => {
      const session = await sessions.token();
      if (!session.ok) return session;
      return post(link, { ...call, token: session.token, signal: patience.signal });
    });
  const answer = await once();
  if (answer.ok || answer.failure.code !== "refused" || answer.failure.status !== 401) return answer;
  sessions.renew();
  return once();
}
