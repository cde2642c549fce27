/** A registry of people, as a server asks it: it knows one secret for each identity, and nothing of vouchers. */
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
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
    void textOf(request).then((text) => {
      const { identity, secret } = JSON.parse(text) as { readonly identity: string; readonly secret: string };
      const result = people.has(identity) && people.get(identity) === secret ? "confirmed" : "not-confirmed";
      response.writeHead(200).end(JSON.stringify({ result }));
    });
  });
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
