/** Sends the same requests to an app on a real socket and to fromWsgi(toWsgi(app)). The client must get the same responses. */
import type { RequestListener } from "node:http";
import express5 from "express";
import express4 from "express4";
import Koa3 from "koa";
import Koa2 from "koa2";
import { describe, expect, it } from "vitest";
import { fromWsgi, toWsgi } from "../../../src/index.ts";
import { toWsgi as koaToWsgi } from "../../../src/koa.ts";
import { MemoryLogger } from "../../support/logger.ts";
import { get } from "./requests.ts";
import { EXPRESS } from "./rows/express.ts";
import { KOA } from "./rows/koa.ts";
import { MIDDLEWARE } from "./rows/middleware.ts";
import { PARSERS } from "./rows/parsers.ts";
import { astray, play } from "./run.ts";
import type { Log, Row } from "./types.ts";

const behind = (app: Parameters<typeof fromWsgi>[0]): RequestListener => fromWsgi(app, { logger: new MemoryLogger() });

/** @param there the app on a socket @param within the app behind both adapters */
async function compare<Framework, App>(
  row: Row<Framework, App>,
  framework: Framework,
  [there, within]: readonly [(app: App) => RequestListener, (app: App) => RequestListener],
): Promise<void> {
  const build = async (log: Log): Promise<App> => row.build(framework, log);
  const native = await play(async (log) => there(await build(log)), row);
  expect(astray(native, row.steps)).toEqual([]);
  expect(await play(async (log) => within(await build(log)), row)).toEqual(native);
}

for (const [version, express] of [
  ["5", express5],
  ["4", express4],
] as const) {
  describe(`Express ${version}`, () => {
    for (const row of [...EXPRESS, ...PARSERS, ...MIDDLEWARE]) {
      if (row.only !== undefined && row.only !== version) continue;
      it(row.title, () => compare(row, express as typeof express5, [(app) => app, (app) => behind(toWsgi(app))]));
    }
  });
}

for (const [version, Koa] of [
  ["3", Koa3],
  ["2", Koa2],
] as const) {
  describe(`Koa ${version}`, () => {
    for (const row of KOA) {
      it(row.title, () => compare(row, Koa, [(app) => app.callback(), (app) => behind(koaToWsgi(app))]));
    }
  });
}

it("the comparison detects a difference", async () => {
  let calls = 0;
  const build = () => {
    calls += 1;
    const name = `X-${calls}`;
    return express5().get("/", (_req, res) => res.set(name, "1").send("x"));
  };
  const row = { title: "", build, steps: [[200, get("/")]] } as const;
  await expect(compare(row, express5, [(app) => app, (app) => behind(toWsgi(app))])).rejects.toThrow(/to deeply equal/);
});
