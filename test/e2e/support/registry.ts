/** A registry of people, as a server asks it: it knows one secret for each identity, and nothing of vouchers. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

export interface Registry {
  readonly url: string;
  readonly people: Map<string, string>;
  close(): Promise<void>;
}

export async function openRegistry(): Promise<Registry> {
  const people = new Map<string, string>();
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const told = JSON.parse(await textOf(request)) as { readonly identity: string; readonly secret: string };
    const isKnown = people.has(told.identity) && people.get(told.identity) === told.secret;
    response.writeHead(200).end(JSON.stringify({ result: isKnown ? "confirmed" : "not-confirmed" }));
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/ask`,
    people,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
