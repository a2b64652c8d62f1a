/** An app on a remote uwsgi server as a `WsgiApp`. Knows what uwsgi sends for a request; the pool knows the connections. */
import { checkOptionNames } from "../wsgi/known-options.ts";
import { withoutSteering } from "../wsgi/steering.ts";
import type { RemoteAddress } from "./address.ts";
import { type RemoteApp, remoteApp } from "./app.ts";
import type { RemoteAppOptions } from "./options.ts";
import type { Protocol } from "./protocol.ts";
import { REMOTE_OPTIONS } from "./settings.ts";
import { UwsgiConnection } from "./uwsgi-connection.ts";
import { encodePacket } from "./uwsgi-packet.ts";

const UWSGI: Protocol = {
  name: "uwsgi",
  encode: (environ, contentLength) => encodePacket(withoutSteering(environ), contentLength),
  connect: (stream, owner) => new UwsgiConnection(stream, owner),
};

/** `keepAlive` is missing: a uwsgi connection carries a single request. */
const { keepAlive: _, ...OPTIONS } = REMOTE_OPTIONS;

/**
 * Returns a `WsgiApp` that sends its requests to a server that speaks uwsgi, or to several servers with the same application:
 * uWSGI (`--socket`), gunicorn (`--protocol uwsgi`).
 *
 *     app.use("/shop", fromWsgi(uwsgiApp(["10.0.0.1:3031", "10.0.0.2:3031"])));
 *
 * Each request has its own connection, which is not encrypted and not authenticated. A request whose variables take more than
 * 64 KiB gets a 431, because uwsgi cannot carry it.
 *
 * @param addresses each `"host:port"` (IPv6 in brackets), `"/path/to.sock"`, `"unix:/path/to.sock"`, `{ host, port }` or `{ path }`
 * @throws OptionError that names the invalid option or shows the invalid address
 */
export function uwsgiApp(
  addresses: RemoteAddress | readonly RemoteAddress[],
  options: Omit<RemoteAppOptions, "keepAlive"> = {},
): RemoteApp {
  checkOptionNames("uwsgiApp", options, OPTIONS);
  return remoteApp(addresses, options, UWSGI);
}
