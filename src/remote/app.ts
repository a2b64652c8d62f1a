/** A remote server as a `WsgiApp`, whatever its protocol. Knows the pool and the request; the rest is theirs. */
import type { WsgiApp } from "../wsgi/types.ts";
import type { RemoteAddress } from "./address.ts";
import type { RemoteAppOptions } from "./options.ts";
import { RemotePool } from "./pool.ts";
import type { Protocol } from "./protocol.ts";
import { RemoteRequest } from "./request.ts";
import { resolveSettings } from "./settings.ts";
import type { RemoteAppStats } from "./stats.ts";

/** An app on other processes or machines: call it as any `WsgiApp`, and close it at the end. */
export interface RemoteApp extends WsgiApp {
  /** What the app is at, now: its addresses with their connections, and its queue. */
  stats(): RemoteAppStats;
  /**
   * Takes no further requests, lets those under way end (for at most `gracefulTimeout`), and closes the connections.
   * Resolves when all are closed; may be called again.
   */
  close(): Promise<void>;
}

/** @throws OptionError that names the option or shows the address which cannot be used */
export function remoteApp(
  addresses: RemoteAddress | readonly RemoteAddress[],
  options: RemoteAppOptions,
  protocol: Protocol,
): RemoteApp {
  const pool = new RemotePool(resolveSettings(addresses, options), protocol);
  const app: WsgiApp = (environ, startResponse) => new RemoteRequest(pool, environ, startResponse).begin();
  return Object.assign(app, { stats: () => pool.stats(), close: () => pool.close() });
}
