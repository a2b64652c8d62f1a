/** What all Node servers of the bench share: how one is told its settings, announces itself, and ends. Knows no row. */
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * What the bench tells a server.
 *
 * @type {{ app: string, directory: string, python: string, processes: number, threads: number, upstream?: string }}
 */
export const settings = JSON.parse(process.argv[2]);

/**
 * Serves at once, and until stdin ends, which it also does when the bench dies: no server outlives it.
 *
 * @param {import("node:http").RequestListener} listener
 * @param {{ ready(): Promise<void>, close(): Promise<void> }} [behind] what the listener needs; it may still be starting
 */
export async function serve(listener, behind = { ready: async () => {}, close: async () => {} }) {
  process.on("SIGINT", () => {}); // Ctrl-C in a terminal reaches the whole group; the bench decides when we end
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
