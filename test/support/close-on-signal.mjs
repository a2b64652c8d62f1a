/** A server that ends at a signal, and says so. Its one answer ends when its stdin has said something. */
import { once } from "node:events";
import { createServer } from "node:http";
import { closeOnSignal } from "wsgi-bridge";

const server = createServer(async (_req, res) => {
  res.write("begun, ");
  await once(process.stdin, "data");
  process.stdin.unref();
  res.end("ended");
}).listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));

const behind = (name) => ({ close: async () => console.log(`${name} closed`) });
const signal = await closeOnSignal(server, behind("one"), behind("two"));
console.log(`over after ${signal}`);
