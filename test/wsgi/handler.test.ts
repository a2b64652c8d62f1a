import { describe, expect, it } from "vitest";
import { ClientDisconnectError } from "../../src/errors.ts";
import type { WsgiApp, WsgiResult } from "../../src/wsgi/types.ts";
import { signal } from "../support/bytes.ts";
import { A, AppRun, app200, B, BAD, EMPTY, generate, generateLater, throwBad } from "../support/handler.ts";

describe("errors", () => {
  it.each([
    ["throws", throwBad],
    ["rejects", () => Promise.reject(BAD)],
  ])("EXC-02: an app that %s is the host's to answer, once", async (_how, app) => {
    const run = new AppRun();
    await run.start(app);
    expect(run.events).toEqual(["answer", "done"]);
    expect(run.answered).toBe(BAD);
  });

  it.each([
    ["text", "body", /return an array/],
    ["bare bytes", A, /return an array/],
    ["nothing", undefined, /got undefined/],
    ["null", null, /got null/],
    ["false", false, /got boolean/],
    ["an object", {}, /got object/],
    ["a function", () => [], /got function/],
  ])("ITER-10: a result that is %s is an error that says so", async (_title, result, message) => {
    const run = new AppRun();
    await run.start(app200(() => result as never));
    expect(run.events).toEqual(["answer", "done"]);
    expect(String(run.answered)).toMatch(message);
  });

  it.each([
    ["passes it on", BAD],
    ["hides it behind another", new Error("another")],
  ])("SR-05: of an error after the head, nobody answers a second time when the app %s", async (_title, thrown) => {
    const run = new AppRun();
    await run.start(function* (_environ, startResponse) {
      startResponse("200 OK", []);
      yield A;
      try {
        startResponse("500 Error", [], BAD);
      } catch {
        throw thrown;
      }
    } as WsgiApp);
    expect(run.events).toEqual(["commit 200 OK", "write a", "abort", "log", "done"]);
  });

  it("EXC-04: that the client has left is not reported", async () => {
    const run = new AppRun();
    await run.start(app200(() => generateLater(A, new ClientDisconnectError("gone"))));
    expect(run.events).toEqual(["commit 200 OK", "write a", "abort", "done"]);
  });

  it("EXC-01: an app that fails after the client has left is logged", async () => {
    const run = new AppRun();
    const late = signal<WsgiResult>();
    const over = run.start(() => late.promise.then(throwBad));
    run.handler.disconnect();
    late.fire([]);
    await Promise.all([over, run.logged]);
    expect(run.logs).toEqual([["the application failed late", BAD]]);
  });

  it("EXC-04: an app that begins its response after the client has left is stopped, and not blamed", async () => {
    const run = new AppRun();
    const late = signal<WsgiResult>();
    let thrown: unknown;
    const over = run.start(async (_environ, startResponse) => {
      const result = await late.promise;
      try {
        startResponse("200 OK", []);
      } catch (error) {
        thrown = error;
        throw error;
      }
      return result;
    });
    run.handler.disconnect();
    late.fire([]);
    await over;
    await new Promise(setImmediate);
    expect(thrown).toBeInstanceOf(ClientDisconnectError);
    expect(run.events).toEqual(["done"]);
  });
});

describe("back-pressure", () => {
  it.each([
    ["an array", () => [A, B]],
    ["a generator", () => generate(A, B)],
    ["an async generator", () => generateLater(A, B)],
  ])("ITER-04: of %s, no block is taken while the sink asks to wait", async (_title, blocks) => {
    const run = new AppRun();
    const room = signal();
    run.sink.room = room.promise;
    const over = run.start(app200(blocks));
    await run.wrote;
    expect(run.events).toEqual(["commit 200 OK", "write a"]);
    room.fire();
    await over;
    expect(run.events).toEqual(["commit 200 OK", "write a", "write b", "end", "done"]);
  });

  it("a response in one piece awaits nothing", async () => {
    const run = new AppRun();
    const over = run.start(app200(() => [A]));
    expect(run.events).toEqual(["commit 200 OK", "end a", "done"]);
    expect(run.handler.over).toBe(true);
    await over;
  });

  it("SR-08: startResponse may be called when the first block is asked for", async () => {
    const run = new AppRun();
    await run.start(function* (_environ, startResponse) {
      yield EMPTY;
      startResponse("201 Created", []);
      yield A;
    } as WsgiApp);
    expect(run.events).toEqual(["commit 201 Created", "write a", "end", "done"]);
  });
});
