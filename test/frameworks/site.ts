/** Serves a framework's app beside native routes in Express 5 and in Koa 3, at the root and at `/legacy`. */
import { mkdtempSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import express from "express";
import Koa from "koa";
import mount from "koa-mount";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { fromWsgi } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { type PythonApp, pythonApp } from "../../src/python.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen, type TestServer } from "../support/server.ts";

/** The mount path of the second mount of every site. */
export const MOUNT = "/legacy";
/** A native route, which must not reach the Python app. */
export const NATIVE = "/health";

export interface Site {
  readonly app: PythonApp;
  readonly express: TestServer;
  readonly koa: TestServer;
  readonly logger: MemoryLogger;
  /** Errors that reached the error handling of Express or Koa. */
  readonly heard: unknown[];
  /** The folder for uploads and databases, which is deleted after the tests. */
  readonly folder: string;
}

export interface SiteOptions {
  /** Called before the processes start, for example to create a database. */
  prepare?(python: string, directory: string, env: Readonly<Record<string, string>>): void;
}

/**
 * Serves a site with one process of four threads during a test file.
 *
 * @param name the folder of the site, beside this file
 * @param target `"module:attribute"` in that folder
 * @returns the site, which is filled in before the first test
 */
export function useSite(name: string, target: string, options: SiteOptions = {}): Site {
  const site = {} as Site; // filled before the first test runs
  const releases: (() => unknown)[] = [];
  beforeAll(async () => {
    Object.assign(site, await openSite(name, target, options, releases));
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => console.error(site.logger.lines.slice(-30).join("\n"))); // the log of the Python process
  });
  afterAll(async () => {
    for (const release of releases.reverse()) await release();
  });
  return site;
}

/** @param releases receives the cleanups, in the order in which the resources were acquired */
async function openSite(
  name: string,
  target: string,
  options: SiteOptions,
  releases: (() => unknown)[],
): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), `frameworks-${name}-`));
  releases.push(() => rmSync(folder, { recursive: true }));
  const [python, directory] = [ensurePython(), fileURLToPath(new URL(name, import.meta.url))];
  const env = { SITE_FOLDER: folder, PYTHONDONTWRITEBYTECODE: "1", PYTHONWARNINGS: "ignore" };
  options.prepare?.(python, directory, env);
  const logger = new MemoryLogger();
  const app = pythonApp(target, { directory, python, env, processes: 1, threads: 4, logger });
  releases.push(() => app.close());
  const heard: unknown[] = [];
  const inBoth = await Promise.all([listen(inExpress(app, logger, heard)), listen(inKoa(app, logger, heard))]);
  for (const server of inBoth) releases.push(() => server.close());
  await app.ready();
  return { app, express: inBoth[0], koa: inBoth[1], logger, heard, folder };
}

/** Trusts a proxy on this machine. */
function inExpress(app: PythonApp, logger: MemoryLogger, heard: unknown[]): RequestListener {
  const site = express();
  site.set("env", "test"); // in "development" Express writes errors to the console of the test run
  site.set("trust proxy", "loopback");
  site.get(NATIVE, (_req, res) => void res.json({ servedBy: "Express" }));
  site.use(MOUNT, fromWsgi(app, { logger }));
  site.use("/edge", fromWsgi(app, { logger, stripForwarded: true, environ: () => ({ REMOTE_USER: "zoe" }) }));
  site.use(fromWsgi(app, { logger }));
  site.use(((error, _req, _res, next) => {
    heard.push(error);
    next(error);
  }) satisfies express.ErrorRequestHandler);
  return site as unknown as RequestListener;
}

function inKoa(app: PythonApp, logger: MemoryLogger, heard: unknown[]): RequestListener {
  const site = new Koa({ proxy: true });
  site.on("error", (error) => heard.push(error));
  site.use(async (ctx, next) => {
    if (ctx.path === NATIVE) ctx.body = { servedBy: "Koa" };
    else await next();
  });
  site.use(mount(MOUNT, koaFromWsgi(app, { logger })));
  site.use(koaFromWsgi(app, { logger }));
  return site.callback();
}
