/** What of a remote response's head is the client's business. Knows what CGI allows and WSGI does not; knows no connection. */
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import { HOP_BY_HOP } from "../wsgi/response-head.ts";

/**
 * The head as `startResponse` takes it: fields that belonged to the server's own connection stay behind (RFC 9110 §7.6.1), and a
 * status without a reason, which RFC 3875 §6.3.3 allows, has its blank.
 *
 *     { status: "404", headers: [["Connection", "close"], ["X", "y"]] } → { status: "404 ", headers: [["X", "y"]] }
 */
export function gatewayHead({ status, headers, length }: CgiHead): CgiHead {
  return {
    status: status.includes(" ") ? status : `${status} `,
    headers: headers.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase())),
    length,
  };
}
