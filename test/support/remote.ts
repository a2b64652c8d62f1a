/** Creates a remote app for a test. Logs to memory; closes the app when the test ends. */
import { onTestFinished } from "vitest";
import type { RemoteAddress } from "../../src/remote/address.ts";
import type { RemoteApp } from "../../src/remote/app.ts";
import { type FastcgiAppOptions, fastcgiApp } from "../../src/remote/fastcgi-app.ts";
import { MemoryLogger } from "./logger.ts";

export function remote(
  addresses: RemoteAddress | readonly RemoteAddress[],
  options: FastcgiAppOptions = {},
): RemoteApp & { readonly logger: MemoryLogger } {
  const logger = new MemoryLogger();
  const app = fastcgiApp(addresses, { logger, gracefulTimeout: 0, ...options });
  onTestFinished(() => app.close());
  return Object.assign(app, { logger });
}
