/** The server stacks that are compared. */

/** The app of the group `memory`. */
const DJANGO = "catalogue:application";

/**
 * @typedef {{ kind: "gunicorn", app?: string, processes?: number, preload?: boolean } | { kind: "uwsgi", options: string[] } | { kind: "waitress" | "cli" } |
 *   { kind: "node", script: string, app?: string, processes?: number, preload?: boolean }} Server
 *   `app` is in `apps/`, `script` in `servers/`. `processes` overrides the group's. The address is passed after the last of uWSGI's `options`.
 * @typedef {{ name: string, servers: Server[] }} Stack
 *   `servers` is a chain: each server gets the URL of the one before it, and the requests go to the last one.
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
  "express-proxy-uwsgi": {
    name: "Express + proxy + uWSGI's HTTP",
    servers: [
      { kind: "uwsgi", options: ["--http-keepalive", "--http"] },
      { kind: "node", script: "express-proxy.mjs" },
    ],
  },
  "express-fastcgi": {
    name: "Express + fastcgiApp + uWSGI",
    servers: [
      { kind: "uwsgi", options: ["--fastcgi-socket"] },
      { kind: "node", script: "express-remote.mjs" },
    ],
  },
  "express-uwsgi": {
    name: "Express + uwsgiApp + uWSGI",
    servers: [
      { kind: "uwsgi", options: ["--socket"] },
      { kind: "node", script: "express-remote.mjs" },
    ],
  },
  "gunicorn-node-app": {
    name: "gunicorn + NodeApp",
    servers: [{ kind: "gunicorn", app: "node_inside:app" }],
  },
  "gunicorn-proxy-view": {
    name: "gunicorn + urllib3 + Node",
    servers: [
      { kind: "node", script: "express.mjs" },
      { kind: "gunicorn", app: "proxy_view:app" },
    ],
  },
  "django-one": {
    name: "1 process",
    servers: [{ kind: "node", script: "http-bridge.mjs", app: DJANGO, processes: 1 }],
  },
  "django-four": {
    name: "4 processes",
    servers: [{ kind: "node", script: "http-bridge.mjs", app: DJANGO, processes: 4 }],
  },
  "django-preload": {
    name: "4 processes, preload",
    servers: [{ kind: "node", script: "http-bridge.mjs", app: DJANGO, processes: 4, preload: true }],
  },
  "gunicorn-preload": {
    name: "gunicorn, 4 workers, --preload",
    servers: [{ kind: "gunicorn", app: DJANGO, processes: 4, preload: true }],
  },
  waitress: { name: "waitress (one process)", servers: [{ kind: "waitress" }] },
};
