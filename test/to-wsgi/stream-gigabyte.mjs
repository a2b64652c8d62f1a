/** Streams 1 GiB from an Express app behind fromWsgi(toWsgi(app)) to a client in another process; prints the memory used. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import express from "express";
import { fromWsgi, toWsgi } from "wsgi-bridge";

const BLOCK = Buffer.alloc(256 * 1024, "x");
const MIB = 2 ** 20;

const app = express();
app.get("/:mib", (req, res) => {
  let left = (Number(req.params.mib) * MIB) / BLOCK.length;
  const source = new Readable({
    read() {
      left -= 1;
      this.push(left < 0 ? null : BLOCK);
    },
  });
  source.pipe(res);
});

const server = createServer(fromWsgi(toWsgi(app))).listen(0, "127.0.0.1");
await once(server, "listening");
await get(64); // warms up buffers and compilers
const before = process.memoryUsage.rss();
let peak = before;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 5);
const bytes = await get(1024);
clearInterval(watch);
server.close();
console.log(JSON.stringify({ bytes, before, peak: Math.max(peak, process.memoryUsage.rss()) }));

/** Resolves with the number of bytes received. */
async function get(mib) {
  const client = `const { get } = require("node:http"); get(process.argv[1], (res) => {
    let bytes = 0;
    res.on("data", (part) => { bytes += part.length; }).on("end", () => console.log(bytes));
  });`;
  const child = spawn(process.execPath, ["-e", client, `http://127.0.0.1:${server.address().port}/${mib}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [text] = await once(child.stdout, "data");
  await once(child, "exit");
  return Number(text);
}
