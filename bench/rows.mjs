/** What is measured, and what it is compared with: a table to add lines to. Knows names; starts nothing. */

/**
 * @typedef {{ kind: "gunicorn", app: string } | { kind: "node", script: string, app?: string }} Server
 *   `app` is "module:attribute" in `apps/`, `script` a file in `servers/`.
 * @typedef {{ method: string, path: string, headers?: Record<string, string>, body?: string, expect: string }} Exchange
 *   `expect` is the body that every response must have.
 * @typedef {{ id: string, name: string, servers: Server[], exchange: Exchange }} Row
 *   `servers` is a chain: each is told the URL of the one before it, and the load goes to the last.
 */

/** @type {Exchange} */
const HELLO = { method: "GET", path: "/", expect: "Hello, World!" };

/** @type {Row[]} */
export const ROWS = [
  {
    id: "express",
    name: "Express alone",
    servers: [{ kind: "node", script: "express.mjs" }],
    exchange: HELLO,
  },
  {
    id: "gunicorn",
    name: "gunicorn gthread alone",
    servers: [{ kind: "gunicorn", app: "hello:app" }],
    exchange: HELLO,
  },
  {
    id: "express-proxy",
    name: "Express + proxy + gunicorn",
    servers: [
      { kind: "gunicorn", app: "hello:app" },
      { kind: "node", script: "express-proxy.mjs" },
    ],
    exchange: HELLO,
  },
  {
    id: "express-bridge",
    name: "Express + wsgi-bridge",
    servers: [{ kind: "node", script: "express-bridge.mjs", app: "hello:app" }],
    exchange: HELLO,
  },
  {
    id: "http-bridge",
    name: "node:http + wsgi-bridge",
    servers: [{ kind: "node", script: "http-bridge.mjs", app: "hello:app" }],
    exchange: HELLO,
  },
  {
    id: "express-inner",
    name: "fromWsgi(toWsgi(Express))",
    servers: [{ kind: "node", script: "express-inner.mjs" }],
    exchange: HELLO,
  },
];

/**
 * The targets: a figure of the row `of`, divided by the same figure of the row `to`.
 *
 * @type {{ of: string, to: string, figure: "rps" | "cpu", atLeast?: number, atMost?: number }[]}
 */
export const RATIOS = [
  { of: "express-bridge", to: "express-proxy", figure: "rps", atLeast: 2 },
  { of: "express-bridge", to: "express-proxy", figure: "cpu", atMost: 0.5 },
  { of: "http-bridge", to: "gunicorn", figure: "cpu", atMost: 0.85 },
  { of: "express-inner", to: "express", figure: "rps", atLeast: 0.8 },
];
