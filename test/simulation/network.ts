/** The network between a node and the server: requests and replies are lost, delayed, doubled, and arrive once more much later. */
import type { Fetch } from "#sync/ports/transport.ts";
import type { Server } from "./server.ts";
import type { World } from "./world.ts";

export class Link {
  /** While true nothing gets through. */
  isCut = false;
  readonly #world: World;
  readonly server: Server;
  readonly #name: string;

  constructor(world: World, server: Server, name: string) {
    this.#world = world;
    this.server = server;
    this.#name = name;
  }

  readonly fetch: Fetch = async (input, init) => {
    const path = new URL(input instanceof Request ? input.url : input).pathname;
    const request: RequestInit = {
      method: init?.method ?? "GET",
      headers: init?.headers ?? {},
      body: init?.body ?? null,
    };
    this.#world.nowMs += this.#world.random.below(400);
    if (this.isCut || this.#world.strikes(0.08)) throw this.#lost(path, "request");
    if (this.#world.strikes(0.06)) await this.#again(path, request, "doubled");
    if (this.#world.strikes(0.06)) {
      this.#world.after(this.#world.random.below(6 * 3_600_000), () => this.#again(path, request, "late"));
    }
    const response = await this.server.handle(path, request);
    this.#world.nowMs += this.#world.random.below(400);
    if (this.#world.strikes(0.08)) throw this.#lost(path, "reply");
    return response;
  };

  async #again(path: string, request: RequestInit, how: string): Promise<void> {
    const { status } = await this.server.handle(path, request);
    this.#world.note(`network: ${this.#name} ${path} ${how}: ${status}`);
  }

  #lost(path: string, what: string): Error {
    this.#world.note(`network: ${this.#name} ${path} ${what} lost`);
    return new TypeError("fetch failed");
  }
}
