/** A remote uwsgi server as a `WsgiApp`. Knows what it is told of the request; the pool knows where it is. */
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

/** Without `keepAlive`: uwsgi has no second request on a connection. */
const { keepAlive: _, ...OPTIONS } = REMOTE_OPTIONS;

/**
 * A remote server that speaks uwsgi, or several with the same application, as a `WsgiApp`: uWSGI (`--socket`), gunicorn
 * (`--protocol uwsgi`).
 *
 *     app.use("/shop", fromWsgi(uwsgiApp(["10.0.0.1:3031", "10.0.0.2:3031"])));
 *
 * Each request has a connection of its own, neither encrypted nor authenticated. One whose variables take more than 64 KiB is a
 * 431, as uwsgi cannot carry it.
 *
 * @param addresses each `"host:port"` (IPv6 in brackets), `"/path/to.sock"`, `"unix:/path/to.sock"`, `{ host, port }` or `{ path }`
 * @throws OptionError that names the option or shows the address which cannot be used
 */
export function uwsgiApp(
  addresses: RemoteAddress | readonly RemoteAddress[],
  options: Omit<RemoteAppOptions, "keepAlive"> = {},
): RemoteApp {
  checkOptionNames("uwsgiApp", options, OPTIONS);
  return remoteApp(addresses, options, UWSGI);
}
