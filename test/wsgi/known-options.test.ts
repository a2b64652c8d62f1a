/** A misspelled option is an error that names the right one, in every function that takes options. */
import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/errors.ts";
import { fastcgiApp, serveFastcgi } from "../../src/fastcgi.ts";
import { fromWsgi, type WsgiApp } from "../../src/index.ts";
import { fromWsgi as koaFromWsgi } from "../../src/koa.ts";
import { pythonApp } from "../../src/python.ts";
import { uwsgiApp } from "../../src/uwsgi.ts";
import { validator } from "../../src/validator.ts";

const app: WsgiApp = () => [];

/** Each function that takes options, and a typical misspelling of one of them. */
const FUNCTIONS: Readonly<Record<string, [call: (options: never) => unknown, misspelled: string, right: string]>> = {
  "fromWsgi()": [(options) => fromWsgi(app, options), "passon", "passOn"],
  "fromWsgi() of Koa": [(options) => koaFromWsgi(app, options), "maxBodysize", "maxBodySize"],
  "pythonApp()": [(options) => pythonApp("shop:app", options), "proceses", "processes"],
  "fastcgiApp()": [(options) => fastcgiApp("/run/app.sock", options), "scriptFileName", "scriptFilename"],
  "uwsgiApp()": [(options) => uwsgiApp("/run/app.sock", options), "queueTimout", "queueTimeout"],
  "serveFastcgi()": [(options) => serveFastcgi(app, "/run/app.sock", options), "allow_remote", "allowRemote"],
  "validator()": [(options) => validator(app, options), "warning", "warn"],
};

/** The error that the function throws, or that its promise rejects with. */
async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(Object.entries(FUNCTIONS))("%s", (name, [call, misspelled, right]) => {
  const caller = name.slice(0, name.indexOf("("));

  it(`has no option "${misspelled}", but "${right}"`, async () => {
    const error = await failure(() => call({ [misspelled]: undefined } as never));
    expect(error).toBeInstanceOf(OptionError);
    expect((error as Error).message).toBe(`${caller}() has no option "${misspelled}"; did you mean "${right}"?`);
  });

  it("lists its options if none is similar", async () => {
    const error = await failure(() => call({ colour: "red" } as never));
    expect((error as Error).message).toMatch(
      new RegExp(`^${caller}\\(\\) has no option "colour"; its options are .*\\b${right}\\b`),
    );
  });

  it.each([
    [null, "null"],
    ["threads=2", "string"],
    [[], "an array"],
  ])("takes an object: %j is an OptionError", async (options, type) => {
    const error = await failure(() => call(options as never));
    expect(error).toBeInstanceOf(OptionError);
    expect((error as Error).message).toBe(`${caller}(): options must be an object, got ${type}`);
  });
});

it("knows no option by the name of a property that every object has", () => {
  expect(() => fromWsgi(app, { constructor: 1 } as never)).toThrow('fromWsgi() has no option "constructor"');
});

it("uwsgiApp() has no keepAlive", () => {
  expect(() => uwsgiApp("/run/app.sock", { keepAlive: 1 } as never)).toThrow('uwsgiApp() has no option "keepAlive"');
});
