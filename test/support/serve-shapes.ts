/** An HTTP server in front of a shape source, as `GET /v1/shapes/{name}`; the bearer token is the node's id. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { answerShapeRequest } from "../../node-server/shapes/http.ts";
import type { ShapeSource } from "../../node-server/shapes/source.ts";

export async function serveShapes(
  source: ShapeSource,
): Promise<{ readonly address: string; close(): Promise<unknown> }> {
  const server = serve({ fetch: (request) => answer(source, request), port: 0, hostname: "127.0.0.1" });
  if (!server.listening) await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/shapes`,
    close() {
      const closed = once(server, "close");
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      return closed;
    },
  };
}

function answer(source: ShapeSource, request: Request): Promise<Response> {
  const shape = decodeURIComponent(new URL(request.url).pathname.split("/").at(-1) ?? "");
  const nodeId = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
  return answerShapeRequest(source, request, { shape, nodeId });
}
