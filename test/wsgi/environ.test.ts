import { describe, expect, it } from "vitest";
import { BadRequestError } from "../../src/errors.ts";
import { buildEnviron, type RequestHead } from "../../src/wsgi/environ.ts";
import { fileWrapper } from "../../src/wsgi/file-wrapper.ts";
import { EMPTY_INPUT } from "../../src/wsgi/input.ts";
import { headerName, readEnviron } from "../../src/wsgi/read-environ.ts";
import type { Environ } from "../../src/wsgi/types.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";
import { NO_ERRORS, requestHead, surroundings } from "../support/heads.ts";

const build = (parts: Partial<RequestHead> = {}): Environ => buildEnviron(requestHead(parts), surroundings());
const withHeaders = (...rawHeaders: string[]): Environ => build({ rawHeaders });

describe("buildEnviron", () => {
  it("ENV-25, ENV-28, ENV-29: holds these keys and no other", () => {
    expect({ ...build() }).toEqual({
      REQUEST_METHOD: "GET",
      SCRIPT_NAME: "/m",
      PATH_INFO: "/a",
      QUERY_STRING: "b=c",
      SERVER_NAME: "127.0.0.1",
      SERVER_PORT: "8080",
      SERVER_PROTOCOL: "HTTP/1.1",
      GATEWAY_INTERFACE: "CGI/1.1",
      SERVER_SOFTWARE: "wsgi-bridge",
      REMOTE_ADDR: "192.0.2.1",
      REMOTE_PORT: "49152",
      REQUEST_URI: "/m/a?b=c",
      RAW_URI: "/m/a?b=c",
      HTTP_HOST: "h:8080",
      "wsgi.version": [1, 0],
      "wsgi.url_scheme": "http",
      "wsgi.input": EMPTY_INPUT,
      "wsgi.errors": NO_ERRORS,
      "wsgi.multithread": true,
      "wsgi.multiprocess": false,
      "wsgi.run_once": false,
      "wsgi.input_terminated": true,
      "wsgi_bridge.has_body": false,
      "wsgi.file_wrapper": fileWrapper,
    });
  });

  it("ENV-02, ENV-04: is fresh for each request, and the app may change it", () => {
    const head = requestHead();
    const first = buildEnviron(head, surroundings());
    first.PATH_INFO = "/changed";
    first["app.key"] = 1;
    const second = buildEnviron(head, surroundings());
    expect(second).not.toBe(first);
    expect(second.PATH_INFO).toBe("/a");
    expect(second).not.toHaveProperty(["app.key"]);
  });

  it("ENV-21: wsgi.version cannot be changed, because all requests share it", () => {
    expect(Object.isFrozen(build()["wsgi.version"])).toBe(true);
  });

  it("ENV-30: it contains nothing of the process environment", () => {
    const inherited = Object.keys(process.env).filter((key) => key in build());
    expect(inherited).toEqual([]);
  });

  it("SEC-05: has no prototype, so that no header can reach one", () => {
    const environ = withHeaders("__proto__", "x", "constructor", "y");
    expect(Object.getPrototypeOf(environ)).toBeNull();
    expect("toString" in environ).toBe(false);
    expect(environ.HTTP_CONSTRUCTOR).toBe("y");
  });

  it.each([
    ["ENV-15", { protocol: "HTTP/2.0" }, "SERVER_PROTOCOL", "HTTP/2.0"],
    ["ENV-05", { method: "m-Search" }, "REQUEST_METHOD", "m-Search"],
    ["ENV-18", { remotePort: undefined }, "REMOTE_PORT", undefined],
    ["ENV-22", { scheme: "https" }, "wsgi.url_scheme", "https"],
    ["ENV-27", { scheme: "https" }, "HTTPS", "on"],
    ["ENV-27", { scheme: "http", rawHeaders: ["HTTPS", "on"] }, "HTTPS", undefined],
    ["NODE-29", { rawHeaders: [] }, "HTTP_HOST", undefined],
    ["NODE-10", { host: "target:1" }, "HTTP_HOST", "target:1"],
    ["NODE-25", { host: "authority", rawHeaders: [":authority", "x", ":path", "/"] }, "HTTP_HOST", "authority"],
    ["ENV-16", { rawHeaders: ["X-Empty", ""] }, "HTTP_X_EMPTY", ""],
    ["ENV-13", { rawHeaders: ["Content-Length", "3"] }, "CONTENT_TYPE", undefined],
    ["ENV-12", { rawHeaders: ["Content-Length", "3"] }, "CONTENT_LENGTH", "3"],
    ["ENV-20", { rawHeaders: ["X-A", "\xe9\x80"] }, "HTTP_X_A", "\xe9\x80"],
    ["FRM-20", { rawHeaders: ["Authorization", "Basic eA=="] }, "HTTP_AUTHORIZATION", "Basic eA=="],
  ] as [string, Partial<RequestHead>, string, unknown][])("%s: from %j comes %s = %j", (_number, parts, key, value) => {
    const environ = build(parts);
    expect(environ[key]).toBe(value);
    expect(key in environ).toBe(value !== undefined);
  });

  it.each([
    ["ENV-17", ["X-A", "1", "X-B", "2", "x-a", "3", "X-A", ""], "HTTP_X_A", "1,3,"],
    ["ENV-17", ["Cookie", "a=1", "cookie", "b=2", "Cookie", "c=3"], "HTTP_COOKIE", "a=1; b=2; c=3"],
    ["SEC-03", ["X-A-B", "1", "X-A_B", "2", "X_A_B", "3"], "HTTP_X_A_B", "1"],
    ["SEC-01", ["Proxy", "http://evil/"], "HTTP_PROXY", undefined],
    ["ENV-11", ["Content-Type", "a/b", "Content_Type", "c/d"], "CONTENT_TYPE", "a/b"],
    ["ENV-11", ["Content-Type", "a/b"], "HTTP_CONTENT_TYPE", undefined],
    ["ENV-32", ["Transfer-Encoding", "chunked"], "HTTP_TRANSFER_ENCODING", undefined],
    ["SEC-14", ["Connection", "X-Real-IP", "X-Real-IP", "::1"], "HTTP_X_REAL_IP", "::1"],
    ["NODE-36", ["Connection", "keep-alive, upgrade, X-A", "Upgrade", "websocket"], "HTTP_CONNECTION", "Upgrade"],
    ["NODE-36", ["Upgrade", "h2c", "CONNECTION", "close", "connection", "UPGRADE"], "HTTP_CONNECTION", "Upgrade"],
    ["ENV-32", ["Connection", "Upgrade"], "HTTP_CONNECTION", undefined],
    ["ENV-32", ["Connection", "no-upgrade", "Upgrade", "websocket"], "HTTP_CONNECTION", undefined],
    ["ENV-32", ["X-A", "upgrade", "Upgrade", "websocket"], "HTTP_CONNECTION", undefined],
  ])("%s: of %j, %s is %j", (_number, rawHeaders, key, value) => {
    expect(withHeaders(...rawHeaders)[key]).toBe(value);
  });

  it.each([
    ["SEC-10", ["Host", "a", "hOST", "a"]],
    ["SEC-12", ["Content-Length", "3", "content-length", "3"]],
    ["SEC-12", ["Content-Type", "a/b", "Content-Type", "a/b"]],
  ])("%s: %j is refused with 400, since two readers could choose differently", (_number, rawHeaders) => {
    expect(() => withHeaders(...rawHeaders)).toThrow(
      expect.objectContaining({ name: BadRequestError.name, status: 400 }),
    );
  });

  it("SEC-16: ten thousand repeats are joined, in order", () => {
    const values = Array.from({ length: 10_000 }, (_, i) => String(i));
    expect(withHeaders(...values.flatMap((value) => ["X-A", value])).HTTP_X_A).toBe(values.join(","));
  });

  it("SEC-08: stripForwarded removes the headers that proxies set, and nothing else", () => {
    const rawHeaders = ["X-Forwarded-For", "a", "Forwarded", "for=a", "X-Real-IP", "a", "X-Request-Id", "7"];
    const environ = buildEnviron(requestHead({ rawHeaders }), surroundings({ stripForwarded: true }));
    expect(Object.keys(environ).filter((key) => key.startsWith("HTTP_"))).toEqual(["HTTP_X_REQUEST_ID"]);
    expect(withHeaders(...rawHeaders).HTTP_X_FORWARDED_FOR).toBe("a");
  });

  it("NODE-23: if middleware has read the body, the length is that of the new body, and there is no Content-Encoding", () => {
    const rawHeaders = ["Content-Length", "20", "Content-Encoding", "gzip"];
    const environ = buildEnviron(requestHead({ rawHeaders }), surroundings({ length: 37 }));
    expect(environ.CONTENT_LENGTH).toBe("37");
    expect(environ).not.toHaveProperty("HTTP_CONTENT_ENCODING");
  });

  it("ENV-23: wsgi.multiprocess is set by the host", () => {
    expect(buildEnviron(requestHead(), surroundings({ multiprocess: true }))["wsgi.multiprocess"]).toBe(true);
  });
});

describe("readEnviron", () => {
  it.each(docTable("src/wsgi/read-environ.ts", "headerName"))("$call → $result", (row) =>
    expectDocRow(headerName, row),
  );

  it("returns the head from which buildEnviron built the environ", () => {
    const head = requestHead({ rawHeaders: ["host", "h", "content-type", "a/b", "x-a", "1", "cookie", "b=2"] });
    expect(readEnviron(buildEnviron(head, surroundings()))).toEqual(head);
  });

  it("REV-30: what buildEnviron lost is not lost again", () => {
    const rawHeaders = ["HOST", "h", "X-A", "1", "X-a", "2", "X_Lost", "3", "TE", "trailers"];
    const once = build({ rawHeaders, scheme: "https", host: "other", remotePort: undefined });
    const twice = buildEnviron(readEnviron(once), surroundings());
    expect({ ...twice }).toEqual({ ...once });
  });

  it("REV-04: takes no header from a value that is not a string", () => {
    const environ = Object.assign(build(), { HTTP_X_NUMBER: 5, HTTP_X_NONE: undefined });
    expect(readEnviron(environ as Environ).rawHeaders).toEqual(["host", "h:8080"]);
  });
});
