/** Operations on Node's responses, HTTP/1 and HTTP/2, for all hosts. Knows header merging and aborts; knows no WSGI. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { trimBlanks } from "../wsgi/blanks.ts";
import type { HeaderList } from "../wsgi/types.ts";

/** Header fields whose values are added to those that middleware has already set. All other fields replace earlier values. */
const LIST_FIELDS: ReadonlySet<string> = new Set(["link", "set-cookie", "vary", "www-authenticate"]);

/**
 * Sets headers in the order of the list. A name that occurs more than once in the list keeps all its values. On HTTP/2, blanks
 * around a value are removed: clients drop such a header (RFC 9113 §8.2.1).
 */
export function setHeaders(res: ServerResponse, headers: HeaderList): void {
  const seen = new Set<string>();
  const trims = isHttp2(res);
  for (const [name, text] of headers) {
    const key = name.toLowerCase();
    const value = trims ? trimBlanks(text) : text;
    if (seen.has(key) || (LIST_FIELDS.has(key) && res.hasHeader(key))) res.appendHeader(name, value);
    else res.setHeader(name, value);
    seen.add(key);
  }
}

/** Whether this is a response of Node's HTTP/2 compatibility API, which Node's types do not distinguish from HTTP/1. */
export function isHttp2(res: object): res is Http2ServerResponse {
  return "stream" in res;
}

/** Whether the client can detect the end of the body only by the end of the connection (HTTP/1.0). */
export function isCloseDelimited(res: ServerResponse): boolean {
  return !isHttp2(res) && res.headersSent && !res.chunkedEncoding && !res.hasHeader("content-length");
}

/** The connections that close after the current response. */
const closingSockets: WeakSet<Socket> = new WeakSet();

/** Closes the connection after this response; later requests on it are ignored. HTTP/2 does not need this. */
export function closeConnectionAfter(res: ServerResponse): void {
  if (isHttp2(res)) return;
  res.shouldKeepAlive = false; // not a header: Koa removes all headers before it sends an error response
  const { socket } = res.req;
  // Without a socket, it is not this response's turn yet: earlier requests must still be answered.
  if (res.socket === null && !res.destroyed) res.once("socket", () => closingSockets.add(socket));
  else closingSockets.add(socket);
}

/** Whether an earlier response closes the connection, so that this request is ignored. Node still parses such requests. */
export function arrivedAfterClose(req: IncomingMessage): boolean {
  return closingSockets.has(req.socket);
}

/** Aborts a response, so that the client can tell that it is incomplete. */
export function abortResponse(res: ServerResponse): void {
  if (isHttp2(res)) {
    res.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return;
  }
  const { socket } = res;
  while (socket?.writableCorked) socket.uncork(); // Node delays writes for a tick; send them now
  // A normal close would look like the end of a close-delimited body. Unix sockets cannot be reset.
  if (isCloseDelimited(res) && socket !== null && "resetAndDestroy" in socket && socket.remotePort !== undefined) {
    socket.resetAndDestroy();
  } else {
    res.destroy();
  }
}
