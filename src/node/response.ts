/** What every host does with Node's own response, HTTP/1 and HTTP/2. Knows header merging and broken ends; knows nothing of WSGI. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import type { HeaderList } from "../wsgi/types.ts";

/** Fields of which middleware may have set some already, and ours come beside them. All others replace. */
const LISTS: ReadonlySet<string> = new Set(["link", "set-cookie", "vary", "www-authenticate"]);

/** In order of the list; a field that comes again is added, whatever its name. */
export function setHeaders(res: ServerResponse, headers: HeaderList): void {
  const seen = new Set<string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (seen.has(key) || (LISTS.has(key) && res.hasHeader(key))) res.appendHeader(name, value);
    else res.setHeader(name, value);
    seen.add(key);
  }
}

/** Node's compatibility API gives HTTP/2 the shape of HTTP/1; the types say nothing of it. */
export function isHttp2(res: object): res is Http2ServerResponse {
  return "stream" in res;
}

/** True when nothing but the end of the connection tells the client where the body ends (HTTP/1.0). */
export function endsWithConnection(res: ServerResponse): boolean {
  return !isHttp2(res) && res.headersSent && !res.chunkedEncoding && !res.hasHeader("content-length");
}

/** Connections that end with the response under way. */
const closing: WeakSet<Socket> = new WeakSet();

/** Lets the connection end with this response, and whatever else was sent on it be forgotten. HTTP/2 has no need of it. */
export function closeAfter(res: ServerResponse): void {
  if (isHttp2(res)) return;
  res.shouldKeepAlive = false; // not a header: Koa removes all headers before it answers an error
  const { socket } = res.req;
  // Only when it is this response's turn: requests that came before it are still answered.
  if (res.socket === null && !res.destroyed) res.once("socket", () => closing.add(socket));
  else closing.add(socket);
}

/** True for a request that came behind one whose connection is to end: Node parses what is pipelined all the same. */
export function comesTooLate(req: IncomingMessage): boolean {
  return closing.has(req.socket);
}

/** Ends a response so that the client cannot take what it has for the whole. */
export function breakOff(res: ServerResponse): void {
  if (isHttp2(res)) {
    res.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return;
  }
  const { socket } = res;
  while (socket?.writableCorked) socket.uncork(); // Node holds writes back for a tick: what was sent is sent
  // A mere close would look like the end of such a body; a unix socket knows no reset.
  if (endsWithConnection(res) && socket !== null && "resetAndDestroy" in socket && socket.remotePort !== undefined) {
    socket.resetAndDestroy();
  } else {
    res.destroy();
  }
}
