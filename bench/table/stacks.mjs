/** The servers that are compared: a table to add lines to. Knows how each is made up; starts nothing. */

/**
 * @typedef {{ kind: "gunicorn" | "waitress" | "cli" } | { kind: "node", script: string }} Server
 *   `script` is a file in `servers/`.
 * @typedef {{ name: string, servers: Server[] }} Stack
 *   `servers` is a chain: each is told the URL of the one before it, and requests go to the last.
 */

/** @type {Record<string, Stack>} by the id that `--rows` takes */
export const STACKS = {
  express: { name: "Express alone", servers: [{ kind: "node", script: "express.mjs" }] },
  "express-inner": {
    name: "fromWsgi(toWsgi(Express))",
    servers: [{ kind: "node", script: "express-inner.mjs" }],
  },
  gunicorn: { name: "gunicorn gthread", servers: [{ kind: "gunicorn" }] },
  "http-bridge": {
    name: "node:http + wsgi-bridge",
    servers: [{ kind: "node", script: "http-bridge.mjs" }],
  },
  "express-proxy": {
    name: "Express + proxy + gunicorn",
    servers: [{ kind: "gunicorn" }, { kind: "node", script: "express-proxy.mjs" }],
  },
  "express-bridge": {
    name: "Express + wsgi-bridge",
    servers: [{ kind: "node", script: "express-bridge.mjs" }],
  },
  cli: { name: "wsgi-bridge serve", servers: [{ kind: "cli" }] },
  waitress: { name: "waitress (one process)", servers: [{ kind: "waitress" }] },
};
