/** In place of a till's thread: it is ready, and ends without a word at the first request. */
import { parentPort } from "node:worker_threads";

parentPort?.on("message", () => process.exit(1));
parentPort?.postMessage({ type: "ready" }, []);
