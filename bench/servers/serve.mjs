/** Shared by all Node servers of the bench: reads the settings, prints the address, stops with stdin. Knows nothing of rows. */
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * The settings from the bench.
 *
 * @type {{ app: string, directory: string, python: string, processes: number, threads: number, preload: boolean, upstream?: string }}
 */
export const settings = JSON.parse(process.argv[2]);

/**
 * Serves until stdin ends. That also happens when the bench dies, so no server outlives it.
 *
 * @param {import("node:http").RequestListener} listener
 * @param {{ ready(): Promise<void>, close(): Promise<void> }} [behind] the app behind the listener, which may still be starting
 */
export async function serve(listener, behind = { ready: async () => {}, close: async () => {} }) {
  process.on("SIGINT", () => {}); // Ctrl-C in a terminal signals the whole group, but the bench stops this process
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  console.log(`listening http://127.0.0.1:${server.address().port}`);
  await behind.ready();
  console.log("ready");
  await once(process.stdin.resume(), "end");
  server.close();
  server.closeAllConnections();
  await behind.close();
  process.exit();
}
