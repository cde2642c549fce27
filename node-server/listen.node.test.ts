import { once } from "node:events";
import type { Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createNodeServer, usualLimits } from "./listen.node.ts";
import type { ConnectionLimits } from "./listen.node.ts";

let server: Server;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function listen(limits: Partial<ConnectionLimits>): Promise<void> {
  server = createNodeServer(
    async (request, peer) => new Response(`${await request.text()} ${peer?.peerAddress}`),
    {
      ...usualLimits,
      ...limits,
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

/** A connection, and all that was said on it until its end. */
function dial(): { readonly socket: Socket; readonly heard: () => string; readonly ended: Promise<unknown> } {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  sockets.push(socket);
  let heard = "";
  socket.setEncoding("utf8").on("data", (text: string) => (heard += text));
  socket.on("error", () => {});
  return { socket, heard: () => heard, ended: once(socket, "close") };
}

test("headers that come a byte at a time end the connection with 408, however busily they come", async () => {
  await listen({ headersMs: 400 });
  const { socket, heard, ended } = dial();
  socket.write("POST / HTTP/1.1\r\nhost: server\r\n");
  const drip = setInterval(() => socket.writable && socket.write("x"), 30);
  await ended;
  clearInterval(drip);
  expect(heard()).toContain("408");
});

test("a body that comes a byte at a time ends the connection when its time is up", async () => {
  await listen({ headersMs: 300, requestMs: 600 });
  const { socket, ended } = dial();
  socket.write("POST / HTTP/1.1\r\nhost: server\r\ncontent-length: 100000\r\n\r\n");
  const drip = setInterval(() => socket.writable && socket.write("x"), 30);
  await ended;
  clearInterval(drip);
});

test("a connection on which nothing is said ends", async () => {
  await listen({ silenceMs: 200 });
  await dial().ended;
});

test("connections beyond the bound are closed at once, and served again when there is room", async () => {
  await listen({ connections: 2 });
  const held = [dial(), dial()];
  await Promise.all(held.map(({ socket }) => once(socket, "connect")));
  await sleep(50);
  await dial().ended;
  held[0]?.socket.destroy();
  await sleep(50);
  const { socket, heard } = dial();
  socket.write("GET / HTTP/1.1\r\nhost: server\r\nconnection: close\r\n\r\n");
  await once(socket, "close");
  expect(heard()).toContain("200 OK");
});

test("headers larger than the bound are 431", async () => {
  await listen({});
  const { socket, heard } = dial();
  socket.write(`GET / HTTP/1.1\r\nhost: server\r\nx-large: ${"x".repeat(20_000)}\r\n\r\n`);
  await once(socket, "close");
  expect(heard()).toContain("431");
});

test.each([
  ["two lengths", "content-length: 3\r\ncontent-length: 30\r\n\r\nabc"],
  ["a length and chunks", "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["chunks that are not the last coding", "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
  ["a length that is no number", "content-length: +3\r\n\r\nabc"],
  ["a name with a space before its colon", "content-length : 3\r\n\r\nabc"],
  ["a line that goes on in the next", "x-a: 1\r\n b\r\n\r\n"],
  ["a null character in a value", "x-a: a\0b\r\n\r\n"],
])(
  "a request that two readers could read in two ways is 400 and ends the connection: %s",
  async (_what, rest) => {
    await listen({});
    const { socket, heard, ended } = dial();
    socket.write(`POST / HTTP/1.1\r\nhost: server\r\n${rest}`);
    await ended;
    expect(heard()).toMatch(/^HTTP\/1\.1 400 /);
    expect(heard()).not.toContain("200 OK");
  },
);

test("the address of whoever connects is told with the request", async () => {
  await listen({});
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: "from" });
  expect(await response.text()).toBe("from 127.0.0.1");
});
