/** What all Node servers of the bench share: how one is told its settings, announces itself, and ends. Knows no row. */
import { once } from "node:events";
import { createServer } from "node:http";

/**
 * What the bench tells a server.
 *
 * @type {{ app?: string, apps: string, python: string, processes: number, threads: number, upstream?: string }}
 */
export const settings = JSON.parse(process.argv[2]);

/**
 * Serves until stdin ends, which it also does when the bench dies: no server outlives it.
 *
 * @param {import("node:http").RequestListener} listener
 * @param {() => Promise<void>} [close] releases what is behind the listener
 */
export async function serve(listener, close = async () => {}) {
  process.on("SIGINT", () => {}); // Ctrl-C in a terminal reaches the whole group; the bench decides when we end
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  process.stdout.write(`listening http://127.0.0.1:${server.address().port}\n`);
  await once(process.stdin.resume(), "end");
  server.close();
  server.closeAllConnections();
  await close();
  process.exit();
}
