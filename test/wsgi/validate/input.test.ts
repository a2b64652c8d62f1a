/** `validator` and the streams of the environ: what a good gateway may return, and the messages about bad ones. */
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ValidationError, type ValidationWarning, validator } from "../../../src/validator.ts";
import type { Environ, InputStream, StartResponse, WsgiApp } from "../../../src/wsgi/types.ts";
import { bytes } from "../../support/bytes.ts";
import { makeEnviron, serve } from "../../support/gateway.ts";
import { fakeInput } from "../../support/validator-gateways.ts";

/** An app that uses the streams and answers. */
const using = (use: (input: InputStream, environ: Environ) => unknown): WsgiApp => {
  return async (environ, startResponse) => {
    await use(environ["wsgi.input"], environ);
    startResponse("200 OK", [["Content-Type", "text/plain"]]);
    return [];
  };
};
const strict = {
  warn: ({ message }: ValidationWarning) => {
    throw new Error(message);
  },
};
const text = (block: Uint8Array): string => Buffer.from(block).toString("latin1");
const texts = (blocks: readonly Uint8Array[]): string[] => blocks.map(text);
type Size = number | null | undefined;
/** Like None in Python, null counts as a size. */
const size = (value: Size): number => value as number;

/** The app's calls on a body, and their results. The first row of each kind is the usual call. */
const READS: [title: string, use: (input: InputStream) => Promise<unknown>, gives: unknown][] = [
  [
    "read() with no size, and again at the end",
    async (input) => [text(await input.read()), text(await input.read())],
    ["a\nb\nc", ""],
  ],
  ["read(-1)", async (input) => text(await input.read(-1)), "a\nb\nc"],
  ["read(null)", async (input) => text(await input.read(size(null))), "a\nb\nc"],
  [
    "read(0), which is not the end",
    async (input) => [text(await input.read(0)), text(await input.read(9))],
    ["", "a\nb\nc"],
  ],
  ["read(3) and the rest", async (input) => [text(await input.read(3)), text(await input.read())], ["a\nb", "\nc"]],
  [
    "readline(1), which is not the end",
    async (input) => [text(await input.readline(1)), text(await input.readline())],
    ["a", "\n"],
  ],
  [
    "readline(0), which is not the end",
    async (input) => [text(await input.readline(0)), text(await input.readline())],
    ["", "a\n"],
  ],
  ["readline(2), which is the line", async (input) => text(await input.readline(2)), "a\n"],
  ["readline(-1)", async (input) => text(await input.readline(-1)), "a\n"],
  ["readlines()", async (input) => texts(await input.readlines()), ["a\n", "b\n", "c"]],
  ["readlines(0)", async (input) => texts(await input.readlines(0)), ["a\n", "b\n", "c"]],
  [
    "readlines(2), which is not the end",
    async (input) => [...texts(await input.readlines(2)), text(await input.read())],
    ["a\n", "b\nc"],
  ],
  [
    "readlines() at the end",
    async (input) => [text(await input.read()), await input.readlines(), text(await input.readline())],
    ["a\nb\nc", [], ""],
  ],
];

describe("wsgi.input of a good gateway", () => {
  it.each(READS)("INP-01 to INP-07: returns the same as without the validator: %s", async (_title, use, gives) => {
    const given: unknown[] = [];
    const app = using(async (input) => given.push(await use(input)));
    await serve(app, makeEnviron("POST", "a\nb\nc"));
    await serve(validator(app, strict), makeEnviron("POST", "a\nb\nc"));
    expect(given).toEqual([gives, gives]);
  });

  it("INP-07: the app may leave a loop over its lines and read the rest", async () => {
    const app = using(async (input) => {
      for await (const _line of input) break;
      expect(text(await input.read())).toBe("b\nc");
    });
    await serve(validator(app, strict), makeEnviron("POST", "a\nb\nc"));
  });

  it("INP-09: its rejection reaches the app unchanged", async () => {
    const gone = new Error("the client left");
    const environ = { ...makeEnviron(), "wsgi.input": fakeInput([Promise.reject(gone)]) };
    await expect(
      serve(
        validator(
          using((input) => input.read(1)),
          strict,
        ),
        environ,
      ),
    ).rejects.toBe(gone);
  });

  it("VAL-29, VAL-32: may be read up to CONTENT_LENGTH if it does not end by itself, and with read(0) beyond", async () => {
    const environ = makeEnviron("POST", "abc");
    delete (environ as Record<string, unknown>)["wsgi.input_terminated"];
    const app = using(async (input) => {
      expect(text(await input.read(2))).toBe("ab");
      expect(text(await input.read(1))).toBe("c");
      expect(text(await input.read(0))).toBe("");
    });
    await serve(validator(app, strict), environ);
  });
});

it("VAL-14: an empty CONTENT_LENGTH counts as absent", async () => {
  const app = using(async (input) => expect(text(await input.read())).toBe(""));
  await serve(validator(app, strict), { ...makeEnviron(), CONTENT_LENGTH: "" });
});

it("VAL-15: SCRIPT_NAME without PATH_INFO is a path", async () => {
  const environ: Partial<Environ> = makeEnviron();
  delete environ.PATH_INFO;
  await serve(
    validator(
      using(() => undefined),
      strict,
    ),
    environ as Environ,
  );
});

it("VAL-02: an object of another realm counts as plain", async () => {
  const environ = Object.assign(runInNewContext("({})") as Environ, makeEnviron());
  expect(environ).not.toBeInstanceOf(Object);
  const app = validator(
    using(() => undefined),
    strict,
  );
  await serve(app, environ);
});

it("VAL-30: what the app writes to wsgi.errors arrives, line by line", async () => {
  const said: string[] = [];
  const errors = {
    write: (line: string) => said.push(line),
    writelines: () => undefined,
    flush: () => said.push("flush"),
  };
  const app = using((_input, environ) => {
    environ["wsgi.errors"].write("a");
    environ["wsgi.errors"].writelines(new Set(["b", "c"]));
    environ["wsgi.errors"].flush();
  });
  await serve(validator(app, strict), { ...makeEnviron(), "wsgi.errors": errors as never });
  expect(said).toEqual(["a", "b", "c", "flush"]);
});

it("VAL-32: a block beyond the Content-Length never reaches the gateway", async () => {
  const blocks: string[] = [];
  const app: WsgiApp = function* (_environ: Environ, startResponse: StartResponse): Generator<Uint8Array> {
    startResponse("200 OK", [
      ["Content-Type", "text/plain"],
      ["Content-Length", "1"],
    ]);
    yield bytes("a");
    yield bytes("b");
  };
  const result = await validator(app, strict)(makeEnviron(), () => () => Promise.resolve());
  const loop = async (): Promise<void> => {
    for await (const block of result) blocks.push(text(block));
  };
  await expect(loop()).rejects.toMatchObject({ rule: "VAL-32" });
  await result.close?.();
  expect(blocks).toEqual(["a"]);
});

type Loose = (...args: unknown[]) => unknown;
const START: [string, [string, string][]] = ["200 OK", [["Content-Type", "text/plain"]]];
const starting = (...args: unknown[]): WsgiApp => {
  return (_environ, startResponse) => {
    (startResponse as Loose)(...args);
    return [];
  };
};
const returning = (result: unknown): WsgiApp => {
  return (_environ, startResponse) => {
    startResponse(...START);
    return result as never;
  };
};
const errors = (method: "write" | "writelines", ...args: unknown[]): WsgiApp =>
  using((_input, environ) => (environ["wsgi.errors"][method] as Loose).apply(environ["wsgi.errors"], args));

describe("a message says what was found and what to do", () => {
  it.each<[WsgiApp, string]>([
    [starting("200", []), 'the status is "200". Pass "DDD reason", 200 to 999, such as "200 OK".'],
    [starting("200 OK"), "startResponse got 1 arguments. Pass status, headers and, after an error, excInfo."],
    [starting("200 OK", [["X", 1]]), "a header is [a string, a number]. Make it [name, value], both strings."],
    [starting("200 OK", [["X"]]), "a header is an array of 1. Make it [name, value], both strings."],
    [starting("200 OK", ["X: y"]), "a header is a string. Make it [name, value], both strings."],
    [returning("body"), "the app returned its body as text. Return an array with one Uint8Array: [body]."],
    [returning(bytes("body")), "the app returned its body as a Buffer. Return an array with one Uint8Array: [body]."],
    [returning(null), "the app returned null. Return an iterable of Uint8Arrays, or [] for no body."],
    [
      returning({ [Symbol.iterator]: () => ({ next: () => 1 }) }),
      "the result's next() returned 1. Return { done, value }, as iterators do.",
    ],
    [
      returning({ [Symbol.iterator]: () => ({ next: () => null }) }),
      "the result's next() returned null. Return { done, value }, as iterators do.",
    ],
    [returning(["a"]), 'the result yielded "a". Yield Uint8Arrays, for example Buffer.from(text).'],
    [errors("write", 1), "wsgi.errors.write() got 1. Pass one string, for example String(error)."],
    [errors("write", "a", "b"), "wsgi.errors.write() got 2 arguments. Pass one string, for example String(error)."],
    [errors("writelines", 1), "wsgi.errors.writelines() got 1. Pass one array of strings."],
    [errors("writelines", ["a"], ["b"]), "wsgi.errors.writelines() got 2 arguments. Pass one array of strings."],
  ])("of the app: %#", async (app, said) => {
    await expect(serve(validator(app))).rejects.toThrow(said);
  });

  it.each<[string, unknown, (input: InputStream) => unknown]>([
    [
      "wsgi.input: readlines returned a Uint8Array. Return an array of Uint8Arrays.",
      Promise.resolve(new Uint8Array(1)),
      (input) => input.readlines(),
    ],
    ["wsgi.input: read returned undefined. Return a promise.", undefined, (input) => input.read(1)],
    [
      "wsgi.input: readline returned 2 bytes instead of at most 1. Keep the rest for the next call.",
      Promise.resolve(bytes("ab")),
      (input) => input.readline(1),
    ],
  ])("of the gateway: %s", async (said, answer, use) => {
    const environ = { ...makeEnviron(), "wsgi.input": fakeInput([answer]) };
    await expect(serve(validator(using(use)), environ)).rejects.toThrow(said);
  });

  it.each<[where: string, app: WsgiApp, environ: Partial<Environ>]>([
    ["a value", starting("200 OK", [["Set-Cookie", "secret\n"]]), {}],
    ["a header that is a string", starting("200 OK", ["Set-Cookie: secret"]), {}],
    ["a header of three", starting("200 OK", [["Set-Cookie", "secret", ""]]), {}],
    ["a value of the request's", returning([]), { HTTP_COOKIE: "secret\n" }],
  ])("and nothing of %s, which may be a session cookie", async (_where, app, environ) => {
    const error: unknown = await serve(validator(app), Object.assign(makeEnviron(), environ)).catch((reason) => reason);
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).message).not.toContain("secret");
  });
});
