/** The groups of rows that are measured together. */
import { STACKS } from "./stacks.mjs";

/**
 * @typedef {{ method: string, path: string, headers?: Record<string, string>, body?: string, expect?: string }} Exchange
 *   `expect` is the body that every response must have, if it is known before.
 * @typedef {{ id: string, title: string, measure: keyof typeof import("../measures/index.mjs").MEASURES,
 *   exchange: Exchange, stacks: string[], connections?: number, processes?: number, threads?: number,
 *   rounds?: number, warmUp?: Exchange, needs?: string }} Group
 *   `stacks`: those that are compared are adjacent. `connections`: overrides the command line. `rounds`: the most rounds.
 *   The default is 2 processes of 4 threads. `warmUp`: the exchange for the warm-up, if the measured one is too slow for it.
 *   `needs`: a program that may not be installed.
 * @typedef {{ group: Group, stack: string, name: string }} Row
 */

const get = (path, expect) => ({ method: "GET", path, expect });
const HELLO = get("/", "Hello, World!");
const UPLOAD = "x".repeat(10 * 1024);
const POST = { method: "POST", path: "/size", body: UPLOAD, expect: String(UPLOAD.length) };
/** How long the handler of the group `waiting` sleeps. The measurement ends before. */
export const SLEEP_MS = 2_000;

/** The ways to Python, each beside the stack that it is compared with. */
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
    title: "A handler that takes 100 ms, 200 concurrent requests",
    measure: "load",
    exchange: get("/sleep/100", "awake"),
    stacks: PAIRS,
    warmUp: get("/sleep/1", "awake"),
    connections: 200,
    threads: 16,
  },
  {
    id: "remote",
    title: "Express in front of a uWSGI server",
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
    title: "CPU while 8 requests wait in Python and 8 wait for a thread",
    measure: "waiting",
    exchange: get(`/sleep/${SLEEP_MS}`, "awake"),
    stacks: ["gunicorn", "http-bridge", "express-bridge"],
    connections: 16,
    rounds: 3,
  },
  {
    id: "start",
    title: "Time from the start of the server",
    measure: "start",
    exchange: HELLO,
    stacks: ["gunicorn", "waitress", "http-bridge"],
    connections: 1,
  },
  {
    id: "memory",
    title: "Memory of the Python processes (PSS) with a Django app of about 100 MB",
    measure: "memory",
    exchange: { method: "GET", path: "/" },
    stacks: ["django-one", "django-four", "django-preload", "gunicorn-preload"],
    connections: 8,
    rounds: 3,
  },
  {
    id: "recovery",
    title: "Time from the SIGKILL of the only Python process",
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
