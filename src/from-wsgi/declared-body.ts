/** Whether a request has a body, and how large it may be. Knows the framing of HTTP/1 and HTTP/2; reads nothing. */
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";

/**
 * In bytes. If the app leaves a larger body unread, or one of unknown length, the connection is closed after the response.
 * Otherwise Node would have to read the rest of the body before the next request on the connection.
 */
const DRAIN_LIMIT = 64 * 1024;

/** Tests for `stream`, not for the HTTP version: requests that `toWsgi` makes are HTTP/1 objects, even for HTTP/2 requests. */
export function isHttp2(req: object): req is Http2ServerRequest {
  return "stream" in req;
}

/** Whether the request has a body. Over HTTP/1, Content-Length or Transfer-Encoding announces it (RFC 9112 §6.3). */
export function hasBody(req: IncomingMessage): boolean {
  if (isHttp2(req)) return !req.stream.endAfterHeaders;
  return declaredLength(req) !== 0;
}

/** Whether the unread part of the body may be so large that closing the connection is better than reading it to the end. */
export function hasLargeUnreadBody(req: IncomingMessage): boolean {
  return !isHttp2(req) && !req.complete && declaredLength(req) > DRAIN_LIMIT;
}

/** The declared length in bytes; infinite for a chunked body. Uses `rawHeaders`: `maxHeadersCount` truncates `headers`. */
export function declaredLength({ rawHeaders }: IncomingMessage): number {
  let length = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 14 && name.toLowerCase() === "content-length") length = Number(rawHeaders[i + 1]);
    else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") return Number.POSITIVE_INFINITY;
  }
  return length;
}
