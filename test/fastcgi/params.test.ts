import { describe, expect, it } from "vitest";
import { AppProtocolError } from "../../src/errors.ts";
import { encodeParams } from "../../src/fastcgi/params.ts";
import { readPairs } from "../../src/fastcgi/records.ts";
import { buildEnviron, type RequestHead } from "../../src/wsgi/environ.ts";
import type { Environ } from "../../src/wsgi/types.ts";
import { requestHead, surroundings } from "../support/heads.ts";
import { latin1 } from "../support/records.ts";

/** The parameters that are sent for an environ with additions. */
function travels(added: Record<string, unknown> = {}, length?: number, parts: Partial<RequestHead> = {}): object {
  const environ = Object.assign(buildEnviron(requestHead(parts), surroundings()), added) as Environ;
  return Object.fromEntries(readPairs(latin1(encodeParams(environ, length))));
}

describe("encodeParams", () => {
  it("carries every string of the environ, and nothing of wsgi.*", () => {
    expect(travels()).toEqual({
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
    });
  });

  it.each([
    ["ENV-20", { "my.key": "\xff\x80" }, undefined, {}, "my.key", "\xff\x80", "bytes as latin-1"],
    ["ENV-16", { HTTP_X_EMPTY: "" }, undefined, {}, "HTTP_X_EMPTY", "", "an empty value"],
    ["ENV-30", { "my.number": 5 }, undefined, {}, "my.number", undefined, "no number"],
    ["WRK-01", { "my.object": { a: 1 } }, undefined, {}, "my.object", undefined, "no object"],
    ["WRK-01", { "wsgi.extra": "x" }, undefined, {}, "wsgi.extra", undefined, "nothing of wsgi.*"],
    ["ENV-18", { HTTP_X_GONE: undefined }, undefined, {}, "HTTP_X_GONE", undefined, "nothing undefined"],
    ["FRM-04", {}, 17, {}, "CONTENT_LENGTH", "17", "the body's true length"],
    ["FRM-04", { CONTENT_LENGTH: "99" }, 17, {}, "CONTENT_LENGTH", "17", "the true length, not the declared one"],
    ["ENV-12", { CONTENT_LENGTH: "99" }, undefined, {}, "CONTENT_LENGTH", undefined, "no length without a body"],
    ["ENV-12", {}, 0, {}, "CONTENT_LENGTH", "0", "the length of an empty body"],
    ["ENV-22", {}, undefined, { scheme: "https" }, "HTTPS", "on", "the scheme, as HTTPS"],
    ["SEC-04", { HTTPS: "on" }, undefined, {}, "HTTPS", undefined, "no HTTPS but ours"],
  ] as [string, object, number | undefined, Partial<RequestHead>, string, string | undefined, string][])(
    "%s: of %j with length %s and %j, %s is %j: %s",
    (_number, added, length, parts, key, value) => {
      const found = travels({ ...added }, length, parts) as Record<string, string>;
      expect(found[key]).toBe(value);
      expect(key in found).toBe(value !== undefined);
    },
  );

  it("ENV-03: changes by the app's middleware are sent", () => {
    expect(travels({ PATH_INFO: "/changed" })).toMatchObject({ PATH_INFO: "/changed" });
  });

  it.each([
    ["PATH_INFO", "/\u0436"],
    ["HTTP_X_A", "\ud83d\ude00"],
    ["my.\u0436", "x"],
  ])("ENV-20: %s = %j is an error that names the key", (key, value) => {
    expect(() => travels({ [key]: value })).toThrow(AppProtocolError);
    expect(() => travels({ [key]: value })).toThrow(`environ.${key} `);
  });
});
