/** What Express and plain `node:http` requests say of themselves, as a `RequestHead`. Knows mounts and `trust proxy`. */
import type { Socket } from "node:net";
import { plainAddress, serverEnds } from "../node/addresses.ts";
import type { RequestHead } from "../wsgi/environ.ts";
import { percentDecode, splitTarget, targetAuthority } from "../wsgi/path.ts";
import type { ExpressRequest } from "./types.ts";

/**
 * Reads a request's head. Call it at once: routers put `url` and `baseUrl` back when they are left.
 *
 * @throws BadRequestError for a path that cannot be translated
 */
export function expressHead(req: ExpressRequest): RequestHead {
  const url = req.url ?? "/";
  const target = req.originalUrl ?? url;
  const { path, query } = splitTarget(url);
  const socket: Socket & { encrypted?: boolean } = req.socket;
  const scheme = (req.protocol ?? (socket.encrypted === true ? "https" : "http")) === "https" ? "https" : "http";
  const host = trustedHost(req) ?? targetAuthority(target);
  return {
    method: req.method ?? "GET",
    scriptName: req.baseUrl ? percentDecode(req.baseUrl) : "",
    pathInfo: isBareMount(req, path) ? "" : percentDecode(path),
    queryString: query,
    target,
    protocol: `HTTP/${req.httpVersion}`,
    scheme,
    host,
    ...serverEnds(socket, host ?? req.headers.host, scheme),
    remoteAddr: plainAddress(req.ip ?? socket.remoteAddress ?? ""),
    remotePort: socket.remotePort === undefined ? undefined : String(socket.remotePort),
    rawHeaders: req.rawHeaders,
  };
}

/** Express says `/` for `/mount` and `/mount/` alike; what the client sent tells them apart. */
function isBareMount(req: ExpressRequest, path: string): boolean {
  if (path !== "/" || !req.baseUrl || req.originalUrl === undefined) return false;
  return splitTarget(req.originalUrl).path === req.baseUrl;
}

/** X-Forwarded-Host, where Express's `trust proxy` believed it: then `hostname` is its and not Host's. */
function trustedHost(req: ExpressRequest): string | undefined {
  const header = req.headers["x-forwarded-host"];
  if (header === undefined || req.hostname === undefined) return undefined;
  const forwarded = String(header).split(",", 1)[0]?.trim() ?? "";
  return hostnameOf(forwarded) === req.hostname && hostnameOf(req.headers.host ?? "") !== req.hostname
    ? forwarded
    : undefined;
}

const PORT = /:\d*$/;

function hostnameOf(host: string): string {
  return host.replace(PORT, "");
}
