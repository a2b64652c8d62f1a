/** A client that tells exactly how its request ended. Knows HTTP; knows no rule. */
import { createHash } from "node:crypto";
import { Agent, request } from "node:http";

/** An answer that takes so long never comes. */
const PATIENCE_MS = 30_000;

export const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/**
 * @typedef {{ status: number, text: string, digest: string, bytes: number, cut: boolean, hung: boolean }} Outcome
 *   `status` is 0 where no head came; `text` is of short bodies; `cut`: the connection ended before the answer did
 */

/**
 * @param {number} port
 * @param {{ id: string, method: string, path: string, body?: Buffer, leave?: "sending" | "reading", whole?: boolean }} what
 *   `leave`: the client goes away in the middle; `whole`: the text is kept however long it is
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
