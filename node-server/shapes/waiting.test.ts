import { expect, test } from "vitest";
import { createWaitingRoom } from "./waiting.ts";

const long = 60_000;
const never = new AbortController().signal;

test("what is told between entering and waiting is not lost", async () => {
  const room = createWaitingRoom(4);
  const place = room.enter("leases/n1");
  room.tell(["leases/n1"]);
  await expect(place.next(long, never)).resolves.toBe("told");
});

test("each telling wakes once, and only those who wait for it", async () => {
  const room = createWaitingRoom(4);
  const mine = room.enter("leases/n1");
  const other = room.enter("leases/n2");
  const first = mine.next(long, never);
  room.tell(["leases/n1"]);
  await expect(first).resolves.toBe("told");
  await expect(mine.next(1, never)).resolves.toBe("timeout");
  await expect(other.next(1, never)).resolves.toBe("timeout");
  const again = [mine.next(long, never), other.next(long, never)];
  room.tell("all");
  await expect(Promise.all(again)).resolves.toEqual(["told", "told"]);
});

test("a client that goes away ends its waiting with the signal's reason", async () => {
  const room = createWaitingRoom(4);
  const client = new AbortController();
  const waiting = room.enter("leases/n1").next(long, client.signal);
  const reason = new Error("gone");
  client.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test("closing ends all waiting, and what would begin afterwards", async () => {
  const room = createWaitingRoom(4);
  const waiting = room.enter("leases/n1").next(long, never);
  room.close();
  await expect(waiting).resolves.toBe("closed");
  await expect(room.enter("leases/n1").next(long, never)).resolves.toBe("closed");
});

test("beyond the limit the oldest of the same key makes room", async () => {
  const room = createWaitingRoom(2);
  const places = [room.enter("leases/n1"), room.enter("leases/n1")];
  const other = room.enter("leases/n2");
  const oldest = places[0]?.next(long, never);
  places.push(room.enter("leases/n1"));
  await expect(oldest).resolves.toBe("displaced");
  expect(room.size).toBe(3);
  for (const place of [...places, other]) place.leave();
  expect(room.size).toBe(0);
});
