/** What happens to an application's result, however its response ends. */
import { describe, expect, it } from "vitest";
import type { WsgiApp, WsgiResult } from "../../src/wsgi/types.ts";
import { signal } from "../support/bytes.ts";
import { A, AppRun, app200, B, BAD, EMPTY, generate, generateLater, throwBad } from "../support/handler.ts";

/** Each way in which a response ends, with all events that follow, in order. */
const ENDINGS: [
  number: string,
  title: string,
  events: string[],
  result: () => WsgiResult,
  head?: [string, string][],
][] = [
  ["ITER-05", "an array", ["commit 200 OK", "write a", "write b", "end", "close", "done"], () => [A, B]],
  ["ITER-05", "an empty array", ["commit 200 OK", "end", "close", "done"], () => []],
  ["ITER-05", "a generator", ["commit 200 OK", "write a", "end", "close", "done"], () => generate(A)],
  ["ITER-05", "an async generator", ["commit 200 OK", "write a", "end", "close", "done"], () => generateLater(A)],
  [
    "ITER-05",
    "blocks after the length",
    ["commit 200 OK", "end a", "log", "close", "done"],
    () => generate(A, B, A),
    [["Content-Length", "1"]],
  ],
  [
    "ITER-05",
    "too few bytes",
    ["commit 200 OK", "write a", "abort", "close", "log", "done"],
    () => [A],
    [["Content-Length", "2"]],
  ],
  ["REF-04, EXC-02", "an error at first", ["close", "answer", "done"], () => generate(BAD)],
  ["REF-04, EXC-02", "an error after empty blocks", ["close", "answer", "done"], () => generateLater(EMPTY, BAD)],
  [
    "REF-04, EXC-03",
    "an error after a block",
    ["commit 200 OK", "write a", "abort", "close", "log", "done"],
    () => generate(A, BAD),
  ],
  [
    "ITER-11",
    "a rejection after a block",
    ["commit 200 OK", "write a", "abort", "close", "log", "done"],
    () => generateLater(A, BAD),
  ],
  ["ITER-10", "a block that is text", ["close", "answer", "done"], () => ["a"] as never],
  [
    "ITER-10",
    "a late block that is text",
    ["commit 200 OK", "write a", "abort", "close", "log", "done"],
    () => [A, "b"] as never,
  ],
];

describe("close()", () => {
  it.each(ENDINGS)("%s: after %s: %j", async (_number, _title, events, result, head = []) => {
    const run = new AppRun();
    await run.start(app200(() => run.closing(result()), head));
    expect(run.events).toEqual(events);
  });

  it.each([
    ["HEAD", "200 OK"],
    ["GET", "204 No Content"],
    ["GET", "304 Not Modified"],
  ])("ITER-05: is called when a response has no body: %s, %s", async (method, status) => {
    const run = new AppRun(method);
    await run.start((_environ, startResponse) => {
      startResponse(status, []);
      return run.closing(generate(A, B));
    });
    expect(run.events).toEqual([`commit ${status}`, "end", "close", "done"]);
  });

  it("ITER-05, SR-10: is called if startResponse was never called", async () => {
    const run = new AppRun();
    await run.start(() => run.closing([]));
    expect(run.events).toEqual(["close", "answer", "done"]);
  });

  it("ITER-05, ITER-13: is called once when the client leaves between two blocks", async () => {
    const run = new AppRun();
    const endless = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
    const over = run.start(app200(() => run.closing(endless)));
    run.handler.disconnect();
    run.handler.disconnect();
    await over;
    expect(run.events).toEqual(["close", "done"]);
  });

  it("ITER-05, ITER-13: is called when an app returns after the client has left", async () => {
    const run = new AppRun();
    const returned = signal<WsgiResult>();
    const over = run.start(() => returned.promise);
    run.handler.disconnect();
    await over;
    returned.fire(run.closing(generate(A)));
    await returned.promise;
    expect(run.events).toEqual(["done", "close"]);
  });

  it.each([
    ["throws", throwBad],
    ["rejects", () => Promise.reject(BAD)],
  ])("ITER-07: that %s is logged, and the response stays as it is", async (_how, close) => {
    const run = new AppRun();
    await run.start(app200(() => Object.assign([A], { close })));
    await run.logged;
    expect(run.events.toSorted()).toEqual(["commit 200 OK", "done", "end a", "log"]);
    expect(run.logs).toEqual([["close() of the application's result failed", BAD]]);
  });
});

describe("a generator's finally", () => {
  it.each([
    ["ends", []],
    ["is cut short", [["Content-Length", "1"]] as [string, string][]],
  ])("ITER-06: runs once when the generator %s", async (_how, head) => {
    let finals = 0;
    await new AppRun().start(function* (_environ, startResponse) {
      try {
        startResponse("200 OK", head);
        yield A;
        yield B;
        yield B;
      } finally {
        finals += 1;
      }
    } as WsgiApp);
    expect(finals).toBe(1);
  });

  it.each([
    ["that was never begun", {}, ["return"]],
    ["but not beside close()", { close: () => calls.push("close") }, ["close"]],
  ])("ITER-06: return() is called on an iterator %s", async (_title, extra, expected) => {
    calls.length = 0;
    const iterator = Object.assign(generate(A), { return: () => calls.push("return") }, extra);
    const run = new AppRun();
    const returned = signal<WsgiResult>();
    const over = run.start(() => returned.promise);
    run.handler.disconnect();
    returned.fire(iterator as unknown as WsgiResult);
    await Promise.all([over, returned.promise]);
    expect(calls).toEqual(expected);
  });
  const calls: string[] = [];
});
