/**
 * What every implementation of the port through which nodes read keeps (`node-server/shapes/source.ts`), seen over HTTP:
 * the exchanges captured from the real Electric service, requests that no node should send, and, where the source reads
 * real rows, what a node has of them.
 */
import { afterAll, beforeAll, describe } from "vitest";
import { capturedExchanges } from "../support/captured-exchanges.ts";
import { describeExchanges } from "./shape-source/exchanges.ts";
import { describeHostileRequests } from "./shape-source/hostile.ts";
import { describeRows } from "./shape-source/rows.ts";
import type { LiveShapeSourceSubject, ShapeSourceSubject } from "./shape-source/subject.ts";

/** For a source that answers what was recorded, and so has no rows. */
export function describeShapeSource(
  name: string,
  table: string,
  createSubject: () => Promise<ShapeSourceSubject>,
): void {
  describe(`the shape source ${name}`, () => {
    const subject = madeBefore(createSubject);
    describeExchanges(capturedExchanges(table), subject);
    describeHostileRequests(subject);
  });
}

export function describeLiveShapeSource(
  name: string,
  table: string,
  createSubject: () => Promise<LiveShapeSourceSubject>,
): void {
  describe(`the shape source ${name}`, () => {
    const subject = madeBefore(createSubject);
    describeExchanges(capturedExchanges(table), subject);
    describeHostileRequests(subject);
    describeRows(subject);
  });
}

function madeBefore<Subject extends ShapeSourceSubject>(create: () => Promise<Subject>): () => Subject {
  let made: Subject | undefined;
  beforeAll(async () => {
    made = await create();
  });
  afterAll(() => made?.close());
  return () => {
    if (!made) throw new Error("the source is not made yet");
    return made;
  };
}
