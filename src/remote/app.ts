/** An app on a remote server as a `WsgiApp`, for any protocol. Connects the options, the pool and the requests. */
import type { WsgiApp } from "../wsgi/types.ts";
import type { RemoteAddress } from "./address.ts";
import type { RemoteAppOptions } from "./options.ts";
import { RemotePool } from "./pool.ts";
import type { Protocol } from "./protocol.ts";
import { RemoteRequest } from "./request.ts";
import { resolveSettings } from "./settings.ts";
import type { RemoteAppStats } from "./stats.ts";

/** An app that runs in other processes or on other machines. Call it like any `WsgiApp`, and close it at the end. */
export interface RemoteApp extends WsgiApp {
  /** Returns the current state: the addresses with their connections, and the queue. */
  stats(): RemoteAppStats;
  /**
   * Stops accepting requests, waits for running ones for at most `gracefulTimeout`, and closes the connections. Resolves when
   * all connections are closed. May be called more than once.
   */
  close(): Promise<void>;
}

/** Returns the app at these addresses. @throws OptionError that names the invalid option or shows the invalid address */
export function remoteApp(
  addresses: RemoteAddress | readonly RemoteAddress[],
  options: RemoteAppOptions,
  protocol: Protocol,
): RemoteApp {
  const pool = new RemotePool(resolveSettings(addresses, options), protocol);
  const app: WsgiApp = (environ, startResponse) => new RemoteRequest(pool, environ, startResponse).begin();
  return Object.assign(app, { stats: () => pool.stats(), close: () => pool.close() });
}
