/** The end of a server that somebody has asked for. Knows the order of things; the parts are beside it. */
import type { Server } from "node:http";
import { Drain } from "./drain.ts";
import { stopSignal } from "./signals.ts";

/** How long answers that are under way may take to end, in milliseconds. */
const GRACE_MS = 10_000;

/** What stands behind a server and is to end after it: a `PythonApp` is one. */
export interface Closable {
  close(): Promise<void>;
}

/**
 * Ends an HTTP or HTTPS server at SIGTERM or SIGINT (Ctrl-C) without cutting an answer short, then what stands behind it.
 * Call it right after `listen()`, before there are connections.
 *
 *     const server = app.listen(3000);
 *     closeOnSignal(server, shop);
 *
 * No new connections from then on; each connection ends after the answer that it waits for, at the latest after 10 seconds.
 * A second signal ends the process at once, with 128 and the signal's number, as a shell tells it.
 *
 * @param closables are closed all at once when the server has ended: Python apps, database pools
 * @returns resolves with the signal when everything has ended; nothing of this keeps the process alive then
 */
export async function closeOnSignal(server: Server, ...closables: readonly Closable[]): Promise<NodeJS.Signals> {
  const drain = new Drain(server);
  const signal = await stopSignal();
  await drain.stop(GRACE_MS);
  await Promise.all(closables.map((closable) => closable.close()));
  return signal;
}
