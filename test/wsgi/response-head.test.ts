import { describe, expect, it } from "vitest";
import { AppProtocolError } from "../../src/errors.ts";
import { parseHead, statusField } from "../../src/wsgi/response-head.ts";
import type { HeaderPair } from "../../src/wsgi/types.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

const headers = (...pairs: unknown[]): HeaderPair[] => pairs as HeaderPair[];
const anyCase = (name: string): string[] => [
  name.toLowerCase(),
  name.toUpperCase(),
  name.toLowerCase().replace(/(^|-)./g, (start) => start.toUpperCase()),
  name.toLowerCase().replace(/./g, (char, at: number) => (at % 2 === 0 ? char.toUpperCase() : char)),
];

describe("the status", () => {
  it.each(docTable("src/wsgi/response-head.ts", "parseHead"))("$call → $result", (row) => expectDocRow(parseHead, row));

  it.each([
    ["299 ", 299, ""],
    ["999 Very Own", 999, "Very Own"],
    ["404 Nicht gefunden \xfc", 404, "Nicht gefunden \xfc"],
    ["200  two blanks", 200, " two blanks"],
  ])("SR-12: %j is %i with the reason %j", (status, code, reason) => {
    expect(parseHead(status, [])).toMatchObject({ code, reason });
  });

  it.each([
    ["SR-13", "200"],
    ["SR-13", "200OK"],
    ["SR-13", "20X OK"],
    ["SR-13", "2000 OK"],
    ["SR-14", "099 Low"],
    ["SR-14", "100 Continue"],
    ["SR-14", "101 Switching Protocols"],
    ["SR-14", "199 x"],
    ["SR-14", "1000 x"],
    ["SR-12", " 200 OK"],
    ["SR-12", "+20 OK"],
    ["SR-12", "200\tOK"],
    ["SR-12", "200 OK\n"],
    ["SR-12", "200 OK\r\nX: y"],
    ["SR-12", "200 O\0K"],
    ["SR-12", "200 O\x7fK"],
    ["SR-12", "200 O\tK"],
    ["SR-12", "200 \u0100"],
    ["SR-12", "\u0662\u0660\u0660 OK"],
    ["SR-12", ""],
    ["SR-12", 200],
    ["SR-12", null],
    ["SR-12", new String("200 OK")],
  ])("%s: %j is an error", (_number, status) => {
    expect(() => parseHead(status as string, [])).toThrow(AppProtocolError);
  });
});

describe("the headers", () => {
  it("HDR-06, HDR-07: keep case, order and repeats", () => {
    const given = headers(["set-cookie", "a=1"], ["X-B", ""], ["Set-Cookie", "b=2"]);
    expect(parseHead("200 OK", given).headers).toEqual(given);
  });

  it("SR-15, WRK-12: are a deep copy", () => {
    const given = headers(["X-A", "1"]);
    const { headers: copy } = parseHead("200 OK", given);
    (given[0] as HeaderPair)[1] = "2";
    given.push(["X-B", "3"]);
    expect(copy).toEqual([["X-A", "1"]]);
  });

  it.each([
    ["no array", "X: y"],
    ["an object", { "X-A": "b" }],
    ["a Map", new Map([["X-A", "b"]])],
    ["nothing", undefined],
    ["a pair that is text", headers("ab")],
    ["a pair of one", headers(["X-A"])],
    ["a pair of three", headers(["X-A", "b", "c"])],
    ["a number as value", headers(["X-A", 1])],
    ["bytes as value", headers(["X-A", Buffer.from("b")])],
    ["a list as value", headers(["X-A", ["b", "c"]])],
    ["a number as name", headers([1, "b"])],
    ["a hole", new Array(1)],
  ])("SR-15: %s is an error", (_title, list) => {
    expect(() => parseHead("200 OK", list as HeaderPair[])).toThrow(AppProtocolError);
  });

  it.each(["", "X A", "X:A", "X-A ", "X\tA", "X-A\r\n", "X\0A", "X(A)", "X\x7f", "X-\xe9", "\u0416", "X-\u212a"])(
    "HDR-01, HDR-03: the name %j is an error",
    (name) => {
      expect(() => parseHead("200 OK", [[name, "x"]])).toThrow(AppProtocolError);
      expect(() => parseHead("200 OK", [[name, "x"]])).toThrow(AppProtocolError); // it is not cached
    },
  );

  it.each(["X-A", "!#$%&'*+-.^_`|~09aZ", "x_y", "cookie", "__proto__"])("HDR-01: the name %j is a token", (name) => {
    expect(parseHead("200 OK", [[name, "x"]]).headers).toEqual([[name, "x"]]);
  });

  it("HDR-02, HDR-03, SEC-06: of all characters, HTAB, the printable and 0x80 to 0xFF may be in a value", () => {
    const refused: number[] = [];
    for (let code = 0; code < 0x110; code += 1) {
      try {
        parseHead("200 OK", [["X-A", `a${String.fromCharCode(code)}b`]]);
      } catch (error) {
        expect(error).toBeInstanceOf(AppProtocolError);
        refused.push(code);
      }
    }
    const controls = Array.from({ length: 0x20 }, (_, code) => code).filter((code) => code !== 9);
    const beyond = Array.from({ length: 0x10 }, (_, code) => 0x100 + code);
    expect(refused).toEqual([...controls, 0x7f, ...beyond]);
  });

  it.each(["a\n", "a\r", "\u010d\u010a", "a\r\nSet-Cookie: x"])("SEC-06: the value %j is an error", (value) => {
    expect(() => parseHead("200 OK", [["X-A", value]])).toThrow(AppProtocolError);
  });

  it.each(
    [
      "connection",
      "keep-alive",
      "proxy-authenticate",
      "proxy-authorization",
      "proxy-connection",
      "te",
      "trailer",
      "trailers",
      "transfer-encoding",
      "upgrade",
    ].flatMap(anyCase),
  )("HDR-04, CL-08: %s is hop-by-hop, so it is an error", (name) => {
    expect(() => parseHead("200 OK", [[name, "x"]])).toThrow(/hop-by-hop/);
  });

  it("HDR-05: Status is an error, unless another server has sent it as a header", () => {
    expect(() => parseHead("200 OK", [["status", "404"]])).toThrow(/Status is not a header/);
    expect(parseHead("200 OK", [statusField("Status", "404")]).headers).toEqual([["Status", "404"]]);
    expect(() => parseHead("200 OK", [["Status", "404"]])).toThrow(/Status is not a header/);
    expect(() => parseHead("200 OK", [statusField("Status", "404\r\nX-Injected: 1")])).toThrow(/the value of Status/);
  });

  it.each(["Accept", "Cache-Control", "Date", "Pragma", "Via", "Warning", "Connections"])(
    "HDR-04: %s is not",
    (name) => {
      expect(parseHead("200 OK", [[name, "x"]]).headers).toEqual([[name, "x"]]);
    },
  );

  it.each(anyCase("status"))("HDR-05: %s is not a header", (name) => {
    expect(() => parseHead("200 OK", [[name, "200"]])).toThrow(/Status is not a header/);
  });

  it("SEC-20: the content of a rejected value is not in the message", () => {
    expect(() => parseHead("200 OK", [["Set-Cookie", "secret\0"]])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  });
});

describe("Content-Length", () => {
  it.each([
    ["0", 0],
    ["5", 5],
    ["007", 7],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("%j is %i bytes", (value, length) => {
    for (const name of anyCase("content-length"))
      expect(parseHead("200 OK", [[name, value]]).contentLength).toBe(length);
  });

  it("is undefined if it is absent", () => {
    expect(parseHead("200 OK", [["X-A", "5"]]).contentLength).toBeUndefined();
  });

  it.each(["", "+5", "-5", " 5", "5 ", "5, 5", "5,5", "0x5", "5.0", "5e1", "1_0", "\u0665", "9007199254740993"])(
    "CL-06: %j is an error",
    (value) => {
      expect(() => parseHead("200 OK", [["Content-Length", value]])).toThrow(AppProtocolError);
    },
  );

  it.each([
    ["5", "5"],
    ["5", "6"],
  ])("CL-06: twice is an error (%j and %j)", (one, two) => {
    expect(() => parseHead("200 OK", headers(["Content-Length", one], ["content-length", two]))).toThrow(/twice/);
  });
});
