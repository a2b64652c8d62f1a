/** A remote FastCGI server as a `WsgiApp`. Knows what it is told of the request; the pool knows where it is. */
import { FastcgiConnection } from "../fastcgi/connection.ts";
import { encodeParams } from "../fastcgi/params.ts";
import { checkOptionNames } from "../wsgi/known-options.ts";
import { withoutSteering } from "../wsgi/steering.ts";
import type { RemoteAddress } from "./address.ts";
import { type RemoteApp, remoteApp } from "./app.ts";
import type { RemoteAppOptions } from "./options.ts";
import type { Protocol } from "./protocol.ts";
import { type ScriptOptions, type ScriptSetter, scriptSetter } from "./script.ts";
import { REMOTE_OPTIONS } from "./settings.ts";

/** How a FastCGI server is reached, and what it is told. */
export interface FastcgiAppOptions extends RemoteAppOptions, ScriptOptions {}

const OPTIONS: Readonly<Record<keyof FastcgiAppOptions, true>> = {
  ...REMOTE_OPTIONS,
  scriptFilename: true,
  documentRoot: true,
};

/**
 * A remote FastCGI server, or several with the same application, as a `WsgiApp`: uWSGI (`--fastcgi-socket`), PHP-FPM, flup.
 *
 *     app.use("/shop", fromWsgi(fastcgiApp(["10.0.0.1:9000", "10.0.0.2:9000"])));
 *     app.use(fromWsgi(fastcgiApp("/run/php/php-fpm.sock", { scriptFilename: "/srv/blog/index.php" })));
 *
 * Connections are neither encrypted nor authenticated: FastCGI knows nothing of the kind.
 *
 * @param addresses each `"host:port"` (IPv6 in brackets), `"/path/to.sock"`, `"unix:/path/to.sock"`, `{ host, port }` or `{ path }`
 * @throws OptionError that names the option or shows the address which cannot be used
 */
export function fastcgiApp(
  addresses: RemoteAddress | readonly RemoteAddress[],
  options: FastcgiAppOptions = {},
): RemoteApp {
  checkOptionNames("fastcgiApp", options, OPTIONS);
  return remoteApp(addresses, options, fastcgiProtocol(scriptSetter(options)));
}

function fastcgiProtocol(setScript: ScriptSetter | undefined): Protocol {
  return {
    name: "FastCGI",
    encode(environ, contentLength) {
      const own = withoutSteering(environ);
      setScript?.(own);
      return encodeParams(own, contentLength);
    },
    connect: (stream, owner) => new FastcgiConnection(stream, owner),
  };
}
