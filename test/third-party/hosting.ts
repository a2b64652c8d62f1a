/** Hosts a Python app of others: where it can be mounted, with a folder of its own. Knows no app. */
import { mkdtempSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import express from "express";
import Koa from "koa";
import mount from "koa-mount";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { fromWsgi, type Logger, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { type PythonAppOptions, pythonApp } from "../../src/python.ts";
import { MemoryLogger } from "../support/logger.ts";
import { listen } from "../support/server.ts";

export const APPS: string = fileURLToPath(new URL("apps", import.meta.url));

/** A host and the path at which it mounts an app. */
export interface Place {
  readonly name: string;
  /** The mount path, `""` for the root. */
  readonly path: string;
  serve(app: WsgiApp, path: string, logger: Logger): RequestListener;
}

/** Where every app is tested. */
export const PLACES: readonly Place[] = [
  { name: "Express, at the root", path: "", serve: inExpress },
  { name: "Express, at /legacy", path: "/legacy", serve: inExpress },
  { name: "Koa, at /legacy", path: "/legacy", serve: inKoa },
];
/** The same, and the host that has no mount paths. */
export const ALL_PLACES: readonly Place[] = [
  ...PLACES,
  { name: "node:http", path: "", serve: (app, _path, logger) => fromWsgi(app, { logger }) },
];

function inExpress(app: WsgiApp, path: string, logger: Logger): RequestListener {
  const site = express();
  site.set("env", "test"); // in "development" Express writes errors to the console of the test run
  if (path === "") site.use(fromWsgi(app, { logger }));
  else site.use(path, fromWsgi(app, { logger }));
  return site as unknown as RequestListener;
}

function inKoa(app: WsgiApp, path: string, logger: Logger): RequestListener {
  const middleware = koaFromWsgi(app, { logger });
  const site = Object.assign(new Koa(), { silent: true }); // else Koa writes errors to the console of the test run
  return site.use(path === "" ? middleware : mount(path, middleware)).callback();
}

/** State in memory needs one process. A client that has left may leave a poll behind, for which no test should wait. */
const OPTIONS: PythonAppOptions = { directory: APPS, processes: 1, threads: 8, gracefulTimeout: 500 };

/** A hosted app. */
export interface Site {
  /** The origin and the mount path, without a slash at the end. */
  readonly url: string;
  readonly origin: string;
  /** The folder of the app and of its clients, which is deleted after the tests. */
  readonly folder: string;
  readonly logger: MemoryLogger;
}

/**
 * Hosts an app during the tests of a `describe`, with one process of eight threads. The app finds its folder in
 * SITE_FOLDER and its mount path in SITE_PATH.
 *
 * @returns the site, which is filled in before the first test
 */
export function useSite(
  place: Place,
  target: string,
  prepare?: (folder: string) => Readonly<Record<string, string>> | undefined,
): Site {
  const site = {} as Site; // filled before the first test runs
  const releases: (() => unknown)[] = [];
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "third-party-"));
    releases.push(() => rmSync(folder, { recursive: true, force: true }));
    const logger = new MemoryLogger();
    const env = { ...environment(folder, place), ...prepare?.(folder) };
    const python = ensureAppsPython();
    const app = pythonApp(target, { ...OPTIONS, python, env, logger });
    releases.push(() => app.close());
    const server = await listen(place.serve(app, place.path, logger));
    releases.push(() => server.close());
    Object.assign(site, { url: server.url + place.path, origin: server.url, folder, logger });
    await app.ready();
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => console.error(site.logger.lines.slice(-30).join("\n"))); // the log of the Python process
  });
  afterAll(async () => {
    for (const release of releases.reverse()) await release();
  });
  return site;
}

/** The variables of every app. No app reads the settings of the user who runs the tests, and sets have a fixed order. */
export function environment(folder: string, { path }: Pick<Place, "path">): Readonly<Record<string, string>> {
  return {
    SITE_FOLDER: folder,
    SITE_PATH: path,
    HOME: folder,
    HGRCPATH: "",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONHASHSEED: "0",
  };
}
