/** A server that closes on a signal and prints each step. It completes its response when it receives data on stdin. */
import { once } from "node:events";
import { createServer } from "node:http";
import { closeOnSignal } from "wsgi-bridge";

const server = createServer(async (_req, res) => {
  res.write("begun, ");
  await once(process.stdin, "data");
  process.stdin.unref();
  res.end("ended");
}).listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));

const closable = (name) => ({ close: async () => console.log(`${name} closed`) });
const signal = await closeOnSignal(server, closable("one"), closable("two"));
console.log(`over after ${signal}`);
