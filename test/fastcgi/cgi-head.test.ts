import { describe, expect, it } from "vitest";
import { CgiHeadReader, HEAD_LIMIT, readCgiHead } from "../../src/fastcgi/cgi-head.ts";
import { latin1 } from "../support/records.ts";

describe("readCgiHead", () => {
  it.each([
    ["Status: 404 Not Found\r\nX-A: b\r\n\r\nbody", "404 Not Found", [["X-A", "b"]]],
    ["X-A: b\r\nstatus: 201 \r\n\r\nbody", "201 ", [["X-A", "b"]]],
    ["X-A: b\r\n\r\nbody", "200 OK", [["X-A", "b"]]],
    ["X-A:b\n\nbody", "200 OK", [["X-A", "b"]]],
    [
      "X-A: \r\nX-B:\r\n\r\nbody",
      "200 OK",
      [
        ["X-A", ""],
        ["X-B", ""],
      ],
    ],
    [
      "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nbody",
      "200 OK",
      [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ],
    ],
    ["X-A: b: c\r\n\r\nbody", "200 OK", [["X-A", "b: c"]]],
    ["X-A:   b  \r\n\r\nbody", "200 OK", [["X-A", "  b  "]]],
    ["X-A: \xff\xe9\r\n\r\nbody", "200 OK", [["X-A", "\xff\xe9"]]],
    ["Location: /b\r\n\r\nbody", "302 Found", [["Location", "/b"]]],
    ["Location: /b\r\nStatus: 201 Created\r\n\r\nbody", "201 Created", [["Location", "/b"]]],
    ["Statuses: 404\r\n\r\nbody", "200 OK", [["Statuses", "404"]]],
    ["Status: 201 Created\r\nSTATUS: 404\r\n\r\nbody", "201 Created", [["STATUS", "404"]]],
  ])("%j is %j with %j", (text, status, headers) => {
    const head = readCgiHead(latin1(text));
    expect(head).toMatchObject({ status, headers });
    expect(text.slice(head?.length)).toBe("body");
  });

  it.each([
    ["\r\n", "\r\n"],
    ["\n", "\n"],
    ["\n", "\r\n"],
    ["\r\n", "\n"],
  ])("RFC 3875 §6.3: lines may end in %j, and the empty one in %j", (line, empty) => {
    const text = `Status: 200 OK${line}X-A: b${line}${empty}body`;
    const head = readCgiHead(latin1(text));
    expect(head).toMatchObject({ status: "200 OK", headers: [["X-A", "b"]] });
    expect(text.slice(head?.length)).toBe("body");
  });

  it("WRK-04: the head ends at its first empty line, whatever line ends the body has", () => {
    for (const body of ["a\n\nb", "a\r\n\r\nb", "\n\n", "\r\n\r\n"]) {
      for (const end of ["\r\n\r\n", "\n\n"]) {
        const text = `X-A: b${end}${body}`;
        expect(text.slice(readCgiHead(latin1(text))?.length)).toBe(body);
      }
    }
  });

  it.each(["", "X", "X-A: b", "X-A: b\r\n", "X-A: b\r\n\r"])("of %j reports that it is incomplete", (text) => {
    expect(readCgiHead(latin1(text))).toBeUndefined();
  });

  it.each(["X-A b\r\n\r\n", ": b\r\n\r\n", "X-A: b\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"])(
    "WRK-05: %j has a line that is no header field",
    (text) => {
      expect(() => readCgiHead(latin1(text))).toThrow(RangeError);
    },
  );

  it("SEC-20: the content of the line is not in the message", () => {
    expect(() => readCgiHead(latin1("secret\r\n\r\n"))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  });

  it("WRK-05: a head that does not end is an error", () => {
    expect(readCgiHead(Buffer.alloc(HEAD_LIMIT, "x"))).toBeUndefined();
    expect(() => readCgiHead(Buffer.alloc(HEAD_LIMIT + 1, "x"))).toThrow(/does not end/);
  });
});

describe("CgiHeadReader", () => {
  const HEAD = "Status: 404 No\r\nX-A: b\r\n\r\n";

  it("WRK-04: reads a head in pieces, and no byte of the body", () => {
    const text = `${HEAD}\r\n\r\nbody`;
    for (let at = 1; at < text.length; at += 1) {
      const reader = new CgiHeadReader();
      const pieces = [text.slice(0, at), text.slice(at)].map(latin1) as [Buffer, Buffer];
      const first = reader.push(pieces[0]);
      const begun = first ?? reader.push(pieces[1]);
      expect(first === undefined, `cut at ${at}`).toBe(at < HEAD.length);
      expect(begun?.head).toMatchObject({ status: "404 No", headers: [["X-A", "b"]] });
      const rest = (begun?.rest.toString("latin1") ?? "") + (first === undefined ? "" : text.slice(at));
      expect(rest).toBe("\r\n\r\nbody");
    }
  });

  it("WRK-05: rejects a head that never ends, however small its pieces", () => {
    const reader = new CgiHeadReader();
    const piece = Buffer.alloc(4096, "x");
    expect(() => {
      for (let i = 0; i <= HEAD_LIMIT / piece.length; i += 1) reader.push(piece);
    }).toThrow(RangeError);
  });
});
