/** A client that reports exactly how its request ended. Knows HTTP; knows nothing of what is expected. */
import { createHash } from "node:crypto";
import { Agent, request } from "node:http";

/** A request that takes longer counts as hung. */
const PATIENCE_MS = 30_000;

export const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/**
 * @typedef {{ status: number, text: string, digest: string, bytes: number, cut: boolean, hung: boolean }} Outcome
 *   `status` is 0 without a head; `text` is the beginning of the body; `cut`: the connection closed before the response ended
 */

/**
 * @param {number} port
 * @param {{ id: string, method: string, path: string, body?: Buffer, leave?: "sending" | "reading" }} what
 *   `leave`: the client disconnects in the middle
 * @returns {Promise<Outcome>}
 */
export function ask(port, { id, method, path, body, leave }) {
  return new Promise((resolve) => {
    const outcome = { status: 0, text: "", digest: "", bytes: 0, cut: true, hung: false };
    const hash = createHash("sha256");
    const headers = { "X-Request-Id": id, ...(body && { "Content-Length": body.length }) };
    const req = request({ agent, host: "127.0.0.1", port, method, path, headers });
    const timer = setTimeout(() => {
      outcome.hung = true;
      req.destroy();
    }, PATIENCE_MS);
    const over = () => {
      clearTimeout(timer);
      resolve({ ...outcome, digest: hash.digest("hex") });
    };
    req.on("error", () => undefined).on("close", over);
    req.on("response", (res) => {
      outcome.status = res.statusCode;
      res
        .on("error", () => undefined)
        .on("end", () => {
          outcome.cut = !res.complete;
        });
      res.on("data", (block) => {
        outcome.bytes += block.length;
        if (outcome.text.length < 1000) outcome.text += block.toString("latin1");
        hash.update(block);
        if (leave === "reading") req.destroy();
      });
    });
    if (leave === "sending") req.write(body.subarray(0, body.length >> 1), () => req.destroy());
    else req.end(body);
  });
}
