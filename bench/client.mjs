/** Sends one request on its own connection. Not used for load. Knows HTTP; knows nothing of servers. */
import { request } from "node:http";

/**
 * @param {URL | string} url
 * @param {{ method: string, headers?: Record<string, string>, body?: string, ms: number }} exchange
 * @returns {Promise<{ status: number, text: string }>} rejects when the connection fails, or after `ms` milliseconds
 */
export function ask(url, { method, headers, body, ms }) {
  return new Promise((resolve, reject) => {
    const options = { method, headers, agent: false, signal: AbortSignal.timeout(ms) };
    const sent = request(url, options, async (response) => {
      try {
        const blocks = await response.setEncoding("utf8").toArray();
        resolve({ status: response.statusCode, text: blocks.join("") });
      } catch (error) {
        reject(error);
      }
    });
    sent.on("error", reject).end(body);
  });
}

/**
 * Sends a request and checks the response, because a row with another response would do other work than the others.
 *
 * @param {string} base @param {import("./table/groups.mjs").Exchange} exchange @param {number} ms
 */
export async function askAndCheck(base, exchange, ms) {
  const { status, text } = await ask(new URL(exchange.path, base), { ...exchange, ms });
  const { expect = text } = exchange;
  if (status === 200 && text === expect) return text;
  throw new Error(`${exchange.method} ${exchange.path} got ${status} ${JSON.stringify(text.slice(0, 200))}`);
}
