/** Bounds how many files are received or stored at the same time; the others are asked to come back. */
import { Problem } from "../middleware/problem.ts";

export function limitUploads<T extends readonly unknown[]>(
  most: number,
  receive: (...args: T) => Promise<Response>,
): (...args: T) => Promise<Response> {
  let uploads = 0;
  return async (...args) => {
    if (uploads >= most) throw new Problem(503, "Too many files are being received; try again");
    uploads += 1;
    try {
      return await receive(...args);
    } finally {
      uploads -= 1;
    }
  };
}
