/** What is measured side by side: a table to add lines to. Knows names and numbers; starts nothing. */
import { STACKS } from "./stacks.mjs";

/**
 * @typedef {{ method: string, path: string, headers?: Record<string, string>, body?: string, expect?: string }} Exchange
 *   `expect` is the body that every response must have; none where it cannot be known before.
 * @typedef {{ id: string, title: string, measure: keyof typeof import("../measures/index.mjs").MEASURES,
 *   exchange: Exchange, stacks: string[], connections?: number, processes?: number, threads?: number,
 *   rounds?: number, warmUp?: Exchange, needs?: string }} Group
 *   `stacks` that are compared stand side by side; `connections` where the command line's number will not do; `rounds` at
 *   most; 2 processes of 4 threads if not said; `warmUp` where the exchange itself is too slow to have anything compiled.
 *   `needs`: a program that not every machine has.
 * @typedef {{ group: Group, stack: string, name: string }} Row
 */

const get = (path, expect) => ({ method: "GET", path, expect });
const HELLO = get("/", "Hello, World!");
const UPLOAD = "x".repeat(10 * 1024);
const POST = { method: "POST", path: "/size", body: UPLOAD, expect: String(UPLOAD.length) };
/** What the sleeper of `waiting` takes; its measure has a window within it. */
export const SLEEP_MS = 2_000;

/** Each way to Python beside what it is to be compared with. */
const PAIRS = ["gunicorn", "http-bridge", "express-proxy", "express-bridge"];

/** @type {Group[]} */
export const GROUPS = [
  {
    id: "hello",
    title: "Hello, World!",
    measure: "load",
    exchange: HELLO,
    stacks: ["express", "express-inner", ...PAIRS.toReversed(), "cli", "waitress"],
  },
  { id: "get-10k", title: "10 KB responses", measure: "load", exchange: get("/10k", UPLOAD), stacks: PAIRS },
  {
    id: "get-1m",
    title: "1 MiB responses",
    measure: "load",
    exchange: get("/1m", "x".repeat(2 ** 20)),
    stacks: PAIRS,
  },
  { id: "post-10k", title: "10 KB POST", measure: "load", exchange: POST, stacks: PAIRS },
  {
    id: "slow",
    title: "A handler of 100 ms, 200 requests at a time",
    measure: "load",
    exchange: get("/sleep/100", "awake"),
    stacks: PAIRS,
    warmUp: get("/sleep/1", "awake"),
    connections: 200,
    threads: 16,
  },
  {
    id: "remote",
    title: "Express before a uWSGI server",
    measure: "load",
    exchange: HELLO,
    stacks: ["express-proxy-uwsgi", "express-fastcgi", "express-uwsgi"],
    needs: "uwsgi",
  },
  {
    id: "inside",
    title: "Express inside gunicorn",
    measure: "load",
    exchange: HELLO,
    stacks: ["gunicorn-proxy-view", "gunicorn-node-app"],
  },
  {
    id: "waiting",
    title: "While 8 requests wait in Python and 8 for a thread",
    measure: "waiting",
    exchange: get(`/sleep/${SLEEP_MS}`, "awake"),
    stacks: ["gunicorn", "http-bridge", "express-bridge"],
    connections: 16,
    rounds: 3,
  },
  {
    id: "start",
    title: "From the start of the server",
    measure: "start",
    exchange: HELLO,
    stacks: ["gunicorn", "waitress", "http-bridge"],
    connections: 1,
  },
  {
    id: "recovery",
    title: "From the SIGKILL of the only Python process",
    measure: "recovery",
    exchange: get("/pid"),
    stacks: ["gunicorn", "http-bridge"],
    connections: 1,
    processes: 1,
    rounds: 3,
  },
];

/** @param {Group} group @returns {Row[]} */
export function rowsOf(group) {
  return group.stacks.map((stack) => ({ group, stack, name: STACKS[stack].name }));
}
