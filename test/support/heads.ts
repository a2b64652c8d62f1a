/** A complete request head for tests that care about a part of it only. */
import type { RequestHead, Surroundings } from "../../src/wsgi/environ.ts";
import { EMPTY_INPUT } from "../../src/wsgi/input.ts";
import type { ErrorStream } from "../../src/wsgi/types.ts";

export function requestHead(parts: Partial<RequestHead> = {}): RequestHead {
  return {
    method: "GET",
    scriptName: "/m",
    pathInfo: "/a",
    queryString: "b=c",
    target: "/m/a?b=c",
    protocol: "HTTP/1.1",
    scheme: "http",
    host: undefined,
    serverName: "127.0.0.1",
    serverPort: "8080",
    remoteAddr: "192.0.2.1",
    mappedAddr: undefined,
    remotePort: "49152",
    rawHeaders: ["Host", "h:8080"],
    ...parts,
  };
}

export const NO_ERRORS: ErrorStream = { write: () => undefined, writelines: () => undefined, flush: () => undefined };

export function surroundings(parts: Partial<Surroundings> = {}): Surroundings {
  return {
    input: EMPTY_INPUT,
    errors: NO_ERRORS,
    length: undefined,
    multiprocess: false,
    stripForwarded: false,
    ...parts,
  };
}
