/** Prepares the head of a remote response for the client. Knows what CGI allows and WSGI does not; knows no connection. */
import type { CgiHead } from "../fastcgi/cgi-head.ts";
import { HOP_BY_HOP, statusField } from "../wsgi/response-head.ts";
import type { HeaderPair } from "../wsgi/types.ts";

/**
 * Returns the head in the form that `startResponse` takes. Removes the headers that belong to the server's own connection
 * (RFC 9110 §7.6.1). Adds a space to a status without a reason: RFC 3875 §6.3.3 allows such a status, WSGI requires the space.
 *
 *     { status: "404", headers: [["Connection", "close"], ["X", "y"]] } → { status: "404 ", headers: [["X", "y"]] }
 */
export function gatewayHead({ status, headers, length }: CgiHead): CgiHead {
  return {
    status: status.includes(" ") ? status : `${status} `,
    headers: headers.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase())).map(accepted),
    length,
  };
}

/** uWSGI and gunicorn send a header named Status from an app like any other header. */
function accepted(pair: HeaderPair): HeaderPair {
  return pair[0].toLowerCase() === "status" ? statusField(...pair) : pair;
}
