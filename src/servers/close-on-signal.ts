/** Closes a server on a signal. Knows the order of the steps; `Drain` and `stopSignal` do them. */
import type { Server } from "node:http";
import { Drain } from "./drain.ts";
import { stopSignal } from "./signals.ts";

/** How long running responses may take to finish, in milliseconds. */
const GRACE_MS = 10_000;

/** Something to close after the server, such as a `PythonApp`. */
export interface Closable {
  close(): Promise<void>;
}

/**
 * Closes an HTTP or HTTPS server on SIGTERM or SIGINT (Ctrl-C) without cutting off responses, and then its applications. Call
 * it right after `listen()`, before there are connections.
 *
 *     const server = app.listen(3000);
 *     closeOnSignal(server, shop);
 *
 * After the signal the server accepts no new connections. Each connection is closed after its pending response, and after at
 * most 10 seconds. A second signal ends the process at once, with exit code 128 plus the signal's number.
 *
 * @param closables are all closed at the same time, after the server: Python apps, database pools
 * @returns a promise of the signal. It resolves when everything is closed. Then nothing that this function started keeps the
 *   process alive
 */
export async function closeOnSignal(server: Server, ...closables: readonly Closable[]): Promise<NodeJS.Signals> {
  const drain = new Drain(server);
  const signal = await stopSignal();
  await drain.stop(GRACE_MS);
  await Promise.all(closables.map((closable) => closable.close()));
  return signal;
}
