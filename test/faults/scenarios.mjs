/** The scenarios of the clients and their allowed outcomes. */
import { createHash } from "node:crypto";

const KIB = 1024;
const BLOCK = 64 * KIB;

/**
 * @typedef {{ tries: readonly number[], died: readonly boolean[], deadly: boolean }} Fate
 *   `tries`: the pids that a request was assigned to; `died`: which of them did not exit cleanly; `deadly`: whether
 *   requests of its path ended two processes
 * @typedef {{ name: string, share: number, method: string, path: string, body?: number, leave?: "sending" | "reading",
 *   right(outcome: import("./client.mjs").Outcome, sent: Sent): boolean }} Scenario
 *   `share`: the weight, in percent; `body`: the largest size in bytes; `right`: whether the outcome is as expected
 * @typedef {{ id: string, digest: string | undefined }} Sent the id and the digest of the body
 */

const plain = (status) => (outcome) => !outcome.cut && outcome.status === status;
export const digestOf = (data) => createHash("sha256").update(data).digest("hex");
const anyOutcome = () => true;

/** @type {Scenario[]} */
export const SCENARIOS = [
  { name: "GET", share: 34, method: "GET", path: "/name", right: (got, { id }) => !got.cut && got.text === id },
  { name: "GET stream", share: 20, method: "GET", path: "/stream?20", right: isStream(20) },
  { name: "POST 10 KiB", share: 12, method: "POST", path: "/digest", body: 10 * KIB, right: isDigest },
  { name: "POST 3 MiB", share: 6, method: "POST", path: "/digest", body: 3 * KIB * KIB, right: isDigest },
  { name: "GET, disconnects", share: 6, method: "GET", path: "/stream?1000", leave: "reading", right: anyOutcome },
  {
    name: "POST, disconnects",
    share: 4,
    method: "POST",
    path: "/digest",
    body: 3 * KIB * KIB,
    leave: "sending",
    right: anyOutcome,
  },
  { name: "raises", share: 6, method: "GET", path: "/raise", right: plain(500) },
  {
    name: "raises late",
    share: 4,
    method: "GET",
    path: "/late",
    right: ({ cut, status, text }) => cut && status === 200 && text === "begun",
  },
  { name: "GET spins", share: 1, method: "GET", path: "/spin", right: plain(504) },
  { name: "POST hangs", share: 0.3, method: "POST", path: "/hang", body: 1, right: plain(504) },
  { name: "GET exits", share: 0.5, method: "GET", path: "/exit", right: plain(502) },
  { name: "POST segfaults", share: 0.5, method: "POST", path: "/abort", body: 1, right: plain(502) },
];

function isStream(blocks) {
  return ({ cut, bytes, digest }, { id }) =>
    !cut && bytes === blocks * BLOCK && digest === digestOf(id.slice(0, 1).repeat(bytes));
}

function isDigest({ cut, text }, { digest }) {
  return !cut && text === digest;
}

const SAFE = "GET";
const MAX_TRIES = 2;

/**
 * Returns how a request ended: "right", an end that a fault explains, or undefined for one that nothing explains.
 *
 * @param {Scenario} scenario @param {Sent} sent @param {import("./client.mjs").Outcome} outcome @param {Fate} fate
 */
export function judge(scenario, sent, outcome, { tries, died, deadly }) {
  if (outcome.hung) return undefined;
  if (scenario.right(outcome, sent)) return "right";
  if (died.at(-1) !== true) return undefined; // its process is alive or exited cleanly, which explains no failure
  if (outcome.status === 502 && !outcome.cut) {
    // A safe request was retried, so both processes must have died.
    const exhausted = scenario.method !== SAFE || tries.length === MAX_TRIES || deadly;
    return exhausted && died.every(Boolean) ? "502" : undefined;
  }
  return outcome.status === 200 && outcome.cut ? "cut" : undefined;
}
