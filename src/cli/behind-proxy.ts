/** What the program believes of the proxy in front of it: the scheme, as gunicorn does, and the mount path. Knows no server. */
import type { IncomingMessage } from "node:http";
import { InvalidArgumentError } from "commander";
import { BadRequestError } from "../errors.ts";
import { trimBlanks } from "../wsgi/blanks.ts";
import { percentDecode } from "../wsgi/path.ts";
import type { WsgiApp } from "../wsgi/types.ts";
import type { Trusts } from "./trusted-addresses.ts";

/** gunicorn's `secure_scheme_headers`: the headers that say how the client has connected, and their values for HTTPS. */
const SECURE_VALUES: ReadonlyMap<string, string> = new Map([
  ["x-forwarded-protocol", "ssl"],
  ["x-forwarded-proto", "https"],
  ["x-forwarded-ssl", "on"],
]);

/**
 * Returns the keys of the environ for a request that arrived at a trusted proxy over HTTPS; none for any other.
 *
 * @throws BadRequestError if a trusted proxy says both
 */
export function forwardedScheme(trusts: Trusts): (req: IncomingMessage) => Readonly<Record<string, string>> {
  return ({ rawHeaders, socket }) => {
    const schemes = new Set<"http" | "https">();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const secure = SECURE_VALUES.get((rawHeaders[i] as string).toLowerCase());
      if (secure !== undefined) schemes.add(trimBlanks(rawHeaders[i + 1] as string) === secure ? "https" : "http");
    }
    if (schemes.size === 0 || !trusts(socket.remoteAddress)) return {};
    if (schemes.size > 1) throw new BadRequestError("the X-Forwarded headers disagree about the scheme");
    return schemes.has("https") ? { "wsgi.url_scheme": "https", HTTPS: "on" } : {};
  };
}

/**
 * Serves an app below `rootPath`, which becomes its SCRIPT_NAME. Other paths get a 404.
 *
 * @param rootPath a value of `parseRootPath()`
 */
export function mountedAt(rootPath: string, app: WsgiApp): WsgiApp {
  if (rootPath === "") return app;
  return (environ, startResponse) => {
    const { PATH_INFO: path } = environ;
    if (path !== rootPath && !path.startsWith(`${rootPath}/`)) {
      startResponse("404 Not Found", [["Content-Type", "text/plain"]]);
      return [Buffer.from("Not Found\n")];
    }
    environ.SCRIPT_NAME = rootPath;
    environ.PATH_INFO = path.slice(rootPath.length);
    return app(environ, startResponse);
  };
}

/**
 * Returns a mount path in the form of SCRIPT_NAME: bytes as latin-1, without a slash at the end.
 *
 *     parseRootPath("/shop/")   → "/shop"
 *     parseRootPath("/caf%C3%A9") and parseRootPath("/café") → "/cafÃ©"
 *     parseRootPath("/")        → ""
 *
 * @throws InvalidArgumentError
 */
export function parseRootPath(path: string): string {
  if (!/^(?:\/[^\0- \x7f?#]*)?$/.test(path) || path.includes("%00")) {
    throw new InvalidArgumentError("It must be a path that begins with a slash, such as /shop.");
  }
  return percentDecode(Buffer.from(path).toString("latin1")).replace(/\/+$/, "");
}
