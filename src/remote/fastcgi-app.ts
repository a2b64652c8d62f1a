/** An app on a remote FastCGI server as a `WsgiApp`. Knows what FastCGI sends for a request; the pool knows the connections. */
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

/** The options of `fastcgiApp`. */
export interface FastcgiAppOptions extends RemoteAppOptions, ScriptOptions {}

const OPTIONS: Readonly<Record<keyof FastcgiAppOptions, true>> = {
  ...REMOTE_OPTIONS,
  scriptFilename: true,
  documentRoot: true,
};

/**
 * Returns a `WsgiApp` that sends its requests to a FastCGI server, or to several servers with the same application: uWSGI
 * (`--fastcgi-socket`), PHP-FPM, flup.
 *
 *     app.use("/shop", fromWsgi(fastcgiApp(["10.0.0.1:9000", "10.0.0.2:9000"])));
 *     app.use(fromWsgi(fastcgiApp("/run/php/php-fpm.sock", { scriptFilename: "/srv/blog/index.php" })));
 *
 * Connections are not encrypted and not authenticated, because FastCGI supports neither.
 *
 * @param addresses each `"host:port"` (IPv6 in brackets), `"/path/to.sock"`, `"unix:/path/to.sock"`, `{ host, port }` or `{ path }`
 * @throws OptionError that names the invalid option or shows the invalid address
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
      const params = withoutSteering(environ);
      setScript?.(params);
      return encodeParams(params, contentLength);
    },
    connect: (stream, owner) => new FastcgiConnection(stream, owner),
  };
}
