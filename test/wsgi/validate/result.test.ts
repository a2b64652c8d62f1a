/** `validator` between a correct app and its gateway: neither notices it. */
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { type ValidationWarning, validator } from "../../../src/validator.ts";
import type { StartResponse, WsgiApp, WsgiResult } from "../../../src/wsgi/types.ts";
import { signal } from "../../support/bytes.ts";
import { iterate, makeEnviron, Response, serve } from "../../support/gateway.ts";
import { A, B, BAD, EMPTY, generate, generateLater } from "../../support/handler.ts";

const TYPE: [string, string] = ["Content-Type", "text/plain"];
const app = (result: () => unknown, headers = [TYPE]): WsgiApp => {
  return (_environ, startResponse) => {
    startResponse("200 OK", headers);
    return result() as WsgiResult;
  };
};
/** Turns warnings into errors. */
const strict = {
  warn: ({ message }: ValidationWarning) => {
    throw new Error(message);
  },
};
const open = async (result: () => unknown): Promise<WsgiResult> =>
  validator(app(result), strict)(makeEnviron(), new Response().startResponse);

describe("the result", () => {
  it.each([
    ["an array", () => [A, B], Symbol.iterator],
    ["a generator", () => generate(A, B), Symbol.iterator],
    ["an async generator", () => generateLater(A, B), Symbol.asyncIterator],
    ["an object with close()", () => ({ ...closing(), [Symbol.iterator]: () => generate(A, B) }), Symbol.iterator],
  ])("of %s is iterable in the same way, can be closed, and gives the same blocks", async (_kind, make, symbol) => {
    const result = await open(make);
    expect([Symbol.iterator, Symbol.asyncIterator].filter((one) => one in result)).toEqual([symbol]);
    const blocks: Uint8Array[] = [];
    for await (const block of result) blocks.push(block);
    expect(blocks[0]).toBe(A);
    expect(blocks[1]).toBe(B);
    expect(blocks).toHaveLength(2);
    await result.close?.();
  });

  it("VAL-31: has no length, unlike an array", async () => {
    const result = await open(() => [A]);
    expect("length" in result).toBe(false);
    expect(Array.isArray(result)).toBe(false);
    await result.close?.();
  });

  it("of a synchronous app is synchronous, and of a promise is a promise", async () => {
    const { startResponse } = new Response();
    const now = validator(app(() => []))(makeEnviron(), startResponse);
    expect(now).not.toBeInstanceOf(Promise);
    const later = validator(async (...args) => app(() => [])(...args))(makeEnviron(), startResponse);
    expect(later).toBeInstanceOf(Promise);
    await (now as WsgiResult).close?.();
    await (await later).close?.();
  });

  it("ITER-02, ITER-04: gets a block from the app only when the gateway requests one", async () => {
    let pulled = 0;
    const result = await open(function* () {
      for (; ; pulled += 1) yield A;
    });
    const blocks = iterate(result);
    for (const expected of [0, 1, 2]) {
      await blocks.next();
      expect(pulled).toBe(expected);
    }
    await result.close?.();
  });

  it("SR-08: may call startResponse in the first iteration", async () => {
    const late = async function* (_environ: unknown, startResponse: StartResponse): AsyncGenerator<Uint8Array> {
      startResponse("200 OK", [TYPE]);
      yield A;
    };
    expect(await serve(validator(late, strict))).toMatchObject({ status: "200 OK", body: "a" });
  });

  it("SR-04, CL-04: a head that excInfo replaces does not count any more", async () => {
    const replacing: WsgiApp = function* (_environ: unknown, startResponse: StartResponse): Generator<Uint8Array> {
      startResponse("200 OK", [TYPE, ["Content-Length", "9"]]);
      yield EMPTY;
      startResponse("500 No", [TYPE, ["Content-Length", "1"]], BAD);
      yield A;
    };
    expect(await serve(validator(replacing, strict))).toMatchObject({ status: "500 No", body: "a" });
  });

  it("SR-05: the gateway throws the app's own error again", async () => {
    const failing: WsgiApp = function* (_environ: unknown, startResponse: StartResponse): Generator<Uint8Array> {
      startResponse("200 OK", [TYPE]);
      yield A;
      startResponse("500 No", [TYPE], BAD);
    };
    await expect(serve(validator(failing, strict))).rejects.toBe(BAD);
  });

  it.each([
    ["its call", () => Promise.reject(BAD)],
    ["its iteration", app(() => generate(A, BAD))],
    ["its async iteration", app(() => generateLater(A, BAD))],
    ["its close()", app(() => Object.assign([A], { close: () => Promise.reject(BAD) }))],
  ])("an app's own error of %s goes through as it is", async (_where, failing) => {
    await expect(serve(validator(failing as WsgiApp, strict))).rejects.toBe(BAD);
  });

  it("the promise of write() is the gateway's promise", async () => {
    const written = Promise.resolve();
    let given: unknown;
    const writing: WsgiApp = (_environ, startResponse) => {
      given = startResponse("200 OK", [TYPE])(A);
      return [];
    };
    const result = await validator(writing, strict)(makeEnviron(), () => () => written);
    expect(given).toBe(written);
    await result.close?.();
  });

  it("write() of an empty block is allowed during the iteration, because it sends only the head", async () => {
    const flushing = async function* (_environ: unknown, startResponse: StartResponse): AsyncGenerator<Uint8Array> {
      await startResponse("200 OK", [TYPE])(EMPTY);
      yield A;
    };
    expect(await serve(validator(flushing, strict))).toMatchObject({ body: "a" });
  });
});

describe("close()", () => {
  it.each([
    ["is the app's own", () => Object.assign(generate(A), closing()), 0, ["close"]],
    ["is the app's own after a block", () => Object.assign(generate(A, B), closing()), 1, ["close"]],
    ["returns from a generator", () => finishing(), 1, ["finally"]],
    ["does not return from a generator that has ended", () => finishing(), 2, ["finally"]],
    ["returns from an async generator", () => finishingLater(), 1, ["finally"]],
    ["returns from an iterator that was never begun", () => Object.assign(generate(A), returning()), 0, ["return"]],
    ["has nothing to return from in an array", () => [A], 1, []],
  ])("ITER-05, ITER-06: %s, once", async (_title, make, pulls, expected) => {
    calls.length = 0;
    const result = await open(make);
    const blocks = pulls > 0 ? iterate(result) : undefined;
    for (let pull = 0; pull < pulls; pull += 1) await blocks?.next();
    await result.close?.();
    expect(calls).toEqual(expected);
  });

  it.each([
    ["a generator", () => finishing()],
    ["an async generator", () => finishingLater()],
  ])("ITER-06: after a loop over %s was left, which returned from it, does not return again", async (_kind, make) => {
    calls.length = 0;
    const result = await open(make);
    for await (const _block of result) break;
    expect(calls).toEqual(["finally"]);
    await result.close?.();
    expect(calls).toEqual(["finally"]);
  });

  it.each([
    ["a sync", () => ({ [Symbol.iterator]: () => Object.assign(generate(A, B), returning()) })],
    ["an async", () => ({ [Symbol.asyncIterator]: () => Object.assign(generateLater(A, B), returning()) })],
  ])("ITER-06: return() of %s iterator is called once by a loop that is left and close()", async (_kind, make) => {
    calls.length = 0;
    const result = await open(make);
    for await (const _block of result) break;
    await result.close?.();
    expect(calls).toEqual(["return"]);
  });

  it("VAL-32: twice is an error, also with return() in between", async () => {
    const result = await open(() => generate(A, B));
    const blocks = iterate(result);
    await blocks.next();
    await result.close?.();
    await blocks.return?.();
    expect(() => result.close?.()).toThrow(expect.objectContaining({ rule: "VAL-32", blame: "gateway" }));
  });

  it("ITER-13: may come while the app is between two blocks, and later blocks are not checked", async () => {
    const gate = signal();
    const waiting = async function* (): AsyncGenerator<Uint8Array> {
      yield A;
      await gate.promise;
      yield "text" as never;
    };
    const result = await open(() => ({ ...closing(), [Symbol.asyncIterator]: waiting }));
    const blocks = iterate(result);
    await blocks.next();
    const pending = blocks.next();
    await result.close?.();
    gate.fire();
    expect(await pending).toMatchObject({ done: false });
  });

  it("CL-04: before the end reports nothing about an incomplete body", async () => {
    const short = app(() => [A, B], [TYPE, ["Content-Length", "2"]]);
    const result = await validator(short, strict)(makeEnviron(), new Response().startResponse);
    await iterate(result).next();
    await result.close?.();
  });
});

it("VAL-26: a gateway that requests two blocks at once gets an error", async () => {
  const result = await open(() => generateLater(A, B));
  const blocks = iterate(result);
  const first = blocks.next();
  await expect(blocks.next()).rejects.toMatchObject({ rule: "VAL-26", blame: "gateway" });
  expect(await first).toEqual({ done: false, value: A });
  await result.close?.();
});

it("VAL-27: a result that is discarded without close() is reported on garbage collection, a closed one is not", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const warnings: ValidationWarning[] = [];
  const drop = async (path: string, close: boolean): Promise<void> => {
    const environ = { ...makeEnviron(), PATH_INFO: path };
    const checked = validator(
      app(() => [A]),
      { warn: (warning) => warnings.push(warning) },
    );
    const result = await checked(environ, new Response().startResponse);
    for await (const _block of result);
    if (close) await result.close?.();
  };
  await drop("/closed", true);
  await drop("/dropped", false);
  while (warnings.length === 0) {
    collect();
    await new Promise(setImmediate);
  }
  expect(warnings).toMatchObject([{ rule: "VAL-27", blame: "gateway" }]);
  expect(warnings[0]?.message).toContain('GET "/dropped"');
});

it("keeps the environ object, and replaces only its streams", async () => {
  const environ = makeEnviron();
  const before = { ...environ };
  let seen: unknown;
  const looking: WsgiApp = (given, startResponse) => {
    seen = given;
    return app(() => [])(given, startResponse);
  };
  await serve(validator(looking, strict), environ);
  expect(seen).toBe(environ);
  const changed = Object.keys(before).filter((key) => environ[key] !== before[key]);
  expect(changed).toEqual(["wsgi.input", "wsgi.errors"]);
});

it("a validator around another one finds nothing new", async () => {
  const twice = validator(
    validator(
      app(() => generateLater(A, B)),
      strict,
    ),
    strict,
  );
  expect(await serve(twice, makeEnviron("POST", "body"))).toMatchObject({ body: "ab" });
});

it("warns through process.emitWarning by default, with a code for each rule", async () => {
  const printers = process.listeners("warning"); // Node's own, which would write to the test run's console
  process.removeAllListeners("warning");
  const warned = once(process, "warning");
  await serve(validator(app(() => [])), { ...makeEnviron(), REQUEST_METHOD: "PROPFIND" });
  expect((await warned)[0]).toMatchObject({ name: "WsgiWarning", code: "WSGI_VAL_11" });
  for (const printer of printers) process.on("warning", printer);
});

it("a warn that throws turns a warning into an error, where it is found", async () => {
  const tab = app(() => [], [TYPE, ["X", "a\tb"]]);
  await expect(serve(validator(tab, strict))).rejects.toThrow("VAL-22");
});

const calls: string[] = [];
const closing = (): { close(): void } => ({ close: () => void calls.push("close") });
const returning = (): { return(): never } => ({
  return: () => {
    calls.push("return");
    return { done: true, value: undefined } as never;
  },
});

function* finishing(): Generator<Uint8Array> {
  try {
    yield A;
  } finally {
    calls.push("finally");
  }
}

async function* finishingLater(): AsyncGenerator<Uint8Array> {
  yield* finishing();
}
