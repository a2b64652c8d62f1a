/** Transfers 1 GiB up and down and measures the memory that Node and Python need for it. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agent, ask } from "./client.mjs";
import { rss, ServerProcess } from "./server-process.mjs";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const BLOCK = 256 * 1024;
const MOST_MIB = 64;
const SAMPLE_MS = 20;
const SEED = "a gibibyte";

const folder = mkdtempSync(join(tmpdir(), "wsgi-bridge-gigabyte-"));
const file = join(folder, "sparse");
const server = new ServerProcess({ processes: 1, threads: 2 });
const rows = [];

try {
  writeFileSync(file, "");
  truncateSync(file, GIB);
  await server.listen();
  await ask(server.port, { id: "w", method: "GET", path: "/mebibyte" });
  await ask(server.port, { id: "w", method: "POST", path: "/digest", body: Buffer.alloc(2 * MIB) });
  await weigh("up, Content-Length", () => upload({ "Content-Length": GIB }), digestOfBlocks(Buffer.alloc(BLOCK, 117)));
  await weigh("up, chunked", () => upload({}), digestOfBlocks(Buffer.alloc(BLOCK, 117)));
  await weigh("down, blocks of 64 KiB", () => download(`/gibibyte?${encodeURIComponent(SEED)}`), expectedDownload());
  await weigh("down, wsgi.file_wrapper", () => download(`/file?${file}`), digestOfBlocks(Buffer.alloc(BLOCK)));
  console.log([`1 GiB through Express and one Python process:`, ...rows].join("\n"));
  agent.destroy();
  await server.close();
} catch (error) {
  console.error(`the gigabyte test failed: ${error.message}`);
  process.exitCode = 1;
  server.kill();
} finally {
  rmSync(folder, { recursive: true });
}

/** Runs a transfer and samples the memory of both processes. */
async function weigh(name, transfer, expected) {
  const { processes } = await server.ask("stats");
  const pids = { Node: server.pid, Python: processes[0].pid };
  const before = Object.values(pids).map(rss);
  const peak = [...before];
  const watch = setInterval(() => {
    for (const [at, pid] of Object.values(pids).entries()) peak[at] = Math.max(peak[at], rss(pid));
  }, SAMPLE_MS);
  const digest = await transfer().finally(() => clearInterval(watch));
  const grown = peak.map((most, at) => (most - before[at]) / MIB);
  const growth = Object.keys(pids).map((name, at) => `${name} ${grown[at].toFixed(1)} MiB`);
  const right = digest === expected;
  rows.push(
    `  ${name}: memory growth ${growth.join(", ")} (target: at most ${MOST_MIB}); checksums ${right ? "equal" : "DIFFER"}`,
  );
  if (!right || grown.some((more) => more > MOST_MIB)) process.exitCode = 1;
}

/** @returns {Promise<string>} the digest of the body that Python received */
function upload(headers) {
  return new Promise((resolve, reject) => {
    const req = request({ host: "127.0.0.1", port: server.port, method: "POST", path: "/digest", headers });
    const block = Buffer.alloc(BLOCK, 117);
    let left = GIB / BLOCK;
    const more = () => {
      while (left > 0) {
        left -= 1;
        if (!req.write(block)) return;
      }
      req.end();
    };
    req
      .on("drain", more)
      .on("error", reject)
      .on("response", (res) => {
        let text = "";
        res.setEncoding("latin1").on("data", (part) => {
          text += part;
        });
        res.on("end", () => resolve(text));
      });
    more();
  });
}

/** @returns {Promise<string>} the digest of the response */
async function download(path) {
  const { digest, cut, status } = await ask(server.port, { id: "d", method: "GET", path });
  if (cut || status !== 200) throw new Error(`${path} ended with ${status}${cut ? ", cut" : ""}`);
  return digest;
}

function digestOfBlocks(block) {
  const hash = createHash("sha256");
  for (let left = GIB; left > 0; left -= block.length) hash.update(block);
  return hash.digest("hex");
}

/** Returns the digest of the body that `gibibyte` in app.py yields. */
function expectedDownload() {
  const piece = createHash("sha256").update(encodeURIComponent(SEED)).digest();
  return digestOfBlocks(Buffer.concat(Array.from({ length: BLOCK / piece.length }, () => piece)));
}
