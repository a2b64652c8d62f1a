/** A remote app for a test: closed when the test is over, and silent. */
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
