import { describe, expect, it } from "vitest";
import { AppProtocolError } from "../../src/errors.ts";
import { ResponseWriter } from "../../src/wsgi/response.ts";
import type { HeaderPair } from "../../src/wsgi/types.ts";
import { bytes } from "../support/bytes.ts";
import { PLAIN, RecordingSink, type State, writerIn } from "../support/sink.ts";

const length = (value: number): HeaderPair => ["Content-Length", String(value)];

/** A response from its head and blocks. */
function respond(method: string, status: string, headers: HeaderPair[], ...blocks: string[]): RecordingSink {
  const sink = new RecordingSink();
  const writer = new ResponseWriter(sink, method);
  writer.startResponse(status, headers);
  if (blocks.length === 1) void writer.onlyBlock(bytes(blocks[0] as string));
  else for (const block of blocks) void writer.block(bytes(block));
  writer.end();
  return sink;
}

const EVENTS: Record<string, (writer: ResponseWriter) => unknown> = {
  start: (writer) => writer.startResponse("201 Other", []),
  restart: (writer) => writer.startResponse("500 Error", [], new Error("excInfo")),
  block: (writer) => writer.block(bytes("b")),
  "empty block": (writer) => writer.block(bytes("")),
  end: (writer) => writer.end(),
  fail: (writer) => writer.fail(new Error("given up")),
};

describe("REF-01: the order of events", () => {
  it.each([
    ["the drawing", "idle", "start", []],
    ["the drawing", "idle", "restart", []],
    ["SR-09", "idle", "block", /before it called startResponse/],
    ["ITER-01", "idle", "empty block", []],
    ["SR-10", "idle", "end", /before it called startResponse/],
    ["the drawing", "idle", "fail", []],
    ["SR-03", "held", "start", /called twice/],
    ["SR-04", "held", "restart", []],
    ["ITER-01", "held", "block", ["commit 200 OK", "write b"]],
    ["ITER-01", "held", "empty block", []],
    ["REF-02", "held", "end", ["commit 200 OK", "end"]],
    ["EXC-02", "held", "fail", []],
    ["SR-03", "sent", "start", /after the head was sent/],
    ["SR-05", "sent", "restart", /^excInfo$/],
    ["the drawing", "sent", "block", ["write b"]],
    ["ITER-03", "sent", "empty block", []],
    ["the drawing", "sent", "end", ["end"]],
    ["EXC-03", "sent", "fail", ["abort"]],
    ["SR-03", "done", "start", /after the response had ended/],
    ["the drawing", "done", "restart", /while the response is done/],
    ["the drawing", "done", "end", []],
    ["the drawing", "done", "fail", []],
    ["the drawing", "failed", "start", /while the response is failed/],
    ["the drawing", "failed", "restart", /while the response is failed/],
    ["the drawing", "failed", "block", /failed/],
    ["the drawing", "failed", "end", /failed/],
    ["the drawing", "failed", "fail", []],
  ] as [string, State, string, string[] | RegExp][])("%s: %s, %s → %s", (_number, state, event, outcome) => {
    const { writer, sink } = writerIn(state);
    const run = (): unknown => EVENTS[event]?.(writer);
    if (outcome instanceof RegExp) {
      expect(run).toThrow(outcome);
    } else {
      run();
      expect(sink.calls).toEqual(outcome);
    }
  });

  it("SR-02: startResponse sends nothing", () => {
    expect(writerIn("held").sink.calls).toEqual([]);
  });
});

describe("excInfo", () => {
  it("SR-04: replaces the whole head before it is sent, including its length", () => {
    const sink = new RecordingSink();
    const writer = new ResponseWriter(sink, "GET");
    writer.startResponse("200 OK", [["Set-Cookie", "a=1"], length(3)]);
    writer.startResponse("500 Error", [PLAIN], new Error("why"));
    void writer.block(bytes("longer than three"));
    writer.end();
    expect(sink.calls).toEqual(["commit 500 Error", "write longer than three", "end"]);
    expect(sink.headers).toEqual([PLAIN]);
    expect(sink.length).toBeUndefined();
  });

  it("SR-04: a head with a body may replace one without", () => {
    const { writer, sink } = writerIn("idle");
    writer.startResponse("204 No Content", []);
    writer.startResponse("500 Error", [], new Error("why"));
    void writer.onlyBlock(bytes("abc"));
    expect(sink.calls).toEqual(["commit 500 Error", "end abc"]);
  });

  it.each([[undefined], [null], [false], [0], [""]])("SR-06: %j does not count as excInfo", (excInfo) => {
    expect(() => writerIn("held").writer.startResponse("500 Error", [], excInfo)).toThrow(/called twice/);
    expect(writerIn("idle").writer.startResponse("200 OK", [], excInfo)).toBeTypeOf("function");
  });

  it("SR-05: after the head is sent, the same error is thrown again and the response breaks off", () => {
    const { writer, sink } = writerIn("sent");
    const error = new Error("why");
    expect(() => writer.startResponse("500 Error", [], error)).toThrow(error);
    expect(sink.calls).toEqual(["abort"]);
    expect(sink.abortedWith).toBe(error);
  });

  it("SR-05: of Python's triple, the value is thrown", () => {
    const error = new Error("why");
    expect(() => writerIn("sent").writer.startResponse("500 Error", [], [Error, error, null])).toThrow(error);
  });

  it("SR-03: a call with an invalid head counts as the first call, and leaves no head", () => {
    const { writer, sink } = writerIn("idle");
    expect(() => writer.startResponse("200", [])).toThrow(AppProtocolError);
    expect(() => writer.startResponse("200 OK", [])).toThrow(/called twice/);
    expect(() => writer.block(bytes("a"))).toThrow(/after startResponse had thrown/);
    expect(() => writer.end()).toThrow(/after startResponse had thrown/);
    writer.startResponse("500 Error", [], new Error("why"));
    void writer.onlyBlock(bytes("a"));
    expect(sink.calls).toEqual(["commit 500 Error", "end a"]);
  });
});

describe("the body's length", () => {
  it.each([
    ["CL-01: of an only block is the response's", "GET", "200 OK", [], ["abc"], ["end abc"], 3],
    ["CL-03: is counted in bytes", "GET", "200 OK", [], ["\xd0\xb6"], ["end \xd0\xb6"], 2],
    ["REF-02: without blocks is 0", "GET", "200 OK", [], [], ["end"], 0],
    ["REF-02: of one empty block is 0", "GET", "200 OK", [], [""], ["end"], 0],
    ["CL-07: of two blocks is unknown", "GET", "200 OK", [], ["a", "b"], ["write a", "write b", "end"], undefined],
    ["is what was declared", "GET", "200 OK", [length(2)], ["a", "b"], ["write a", "end b"], 2],
    ["CL-05: cuts a block", "GET", "200 OK", [length(3)], ["ab", "cd", "ef"], ["write ab", "end c"], 3],
    ["CL-05: cuts an only block", "GET", "200 OK", [length(1)], ["ab"], ["end a"], 1],
    ["CL-05: cuts all after 0", "GET", "200 OK", [length(0)], ["ab", "c"], ["end"], 0],
    ["ITER-03: is not that of empty blocks", "GET", "200 OK", [length(1)], ["", "a", ""], ["end a"], 1],
    ["CL-10: of HEAD is kept", "HEAD", "200 OK", [length(12345)], [], ["end"], 12345],
    ["CL-10: of HEAD is not invented", "HEAD", "200 OK", [], [], ["end"], undefined],
    ["CL-10: of HEAD may be known", "HEAD", "200 OK", [], ["abc"], ["end"], 3],
    ["CL-09: is none with 204", "GET", "204 No Content", [length(3)], ["abc"], ["end"], undefined],
    ["CL-09: is 0 with 205", "GET", "205 Reset Content", [], ["abc"], ["end"], 0],
    ["CL-09: is kept with 304", "GET", "304 Not Modified", [length(3)], [], ["end"], 3],
  ] as [string, string, string, HeaderPair[], string[], string[], number | undefined][])(
    "%s (%s, %s)",
    (_title, method, status, headers, blocks, calls, expected) => {
      const sink = respond(method, status, headers, ...blocks);
      expect(sink.calls).toEqual([`commit ${status}`, ...calls]);
      expect(sink.length).toBe(expected);
      const declared = sink.headers?.find(([name]) => name === "Content-Length")?.[1];
      expect(declared).toBe(expected === undefined ? undefined : String(expected));
    },
  );

  it("CL-04: a body shorter than declared is an error, and never ends", () => {
    const { writer, sink } = writerIn("idle");
    writer.startResponse("200 OK", [length(9)]);
    void writer.block(bytes("abc"));
    expect(() => writer.end()).toThrow(/6 bytes shorter/);
    expect(sink.calls).toEqual(["commit 200 OK", "write abc"]);
  });

  it("CL-05: reports that further blocks are dropped, and that something was cut", () => {
    const { writer } = writerIn("idle");
    writer.startResponse("200 OK", [length(3)]);
    void writer.block(bytes("abc"));
    expect([writer.full, writer.cut]).toEqual([false, false]); // an empty block is not a surplus
    void writer.block(bytes("d"));
    expect([writer.full, writer.cut]).toEqual([true, true]);
  });
});

it("EXC-02: a sink that refuses the head has sent nothing, so the host may still answer", () => {
  const { writer, sink } = writerIn("held");
  sink.refusal = new Error("no such header");
  expect(() => writer.block(bytes("a"))).toThrow(sink.refusal);
  expect(writer.committed).toBe(false);
  writer.fail(sink.refusal);
  expect(sink.calls).toEqual([]);
});

it("SR-05, REF-05: a response that broke off after its head stays committed: the host must not answer again", () => {
  const { writer } = writerIn("sent");
  writer.fail(new Error("given up"));
  expect(writer.committed).toBe(true);
});
