import cluster from "node:cluster";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const COUNT = Number(process.env.NODE_WORKERS ?? 2);
let stopping = false;

cluster.setupPrimary({ exec: fileURLToPath(new URL("server.mjs", import.meta.url)) });
fill();

cluster.on("exit", ({ process: { pid } }, code, signal) => {
  if (code !== 0) console.error(`Node process ${pid} ended: ${signal ?? `code ${code}`}`);
  if (!stopping) setTimeout(fill, 1_000);
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    stopping = true;
    for (const worker of Object.values(cluster.workers)) worker.process.kill(signal);
  });
}

let replacing = Promise.resolve();
process.on("SIGHUP", () => {
  replacing = replacing.then(replaceAll);
});

function fill() {
  while (!stopping && Object.keys(cluster.workers).length < COUNT) cluster.fork();
}

/** One after another: the new process listens before the old one is asked to end. */
async function replaceAll() {
  for (const old of Object.values(cluster.workers)) {
    const successor = cluster.fork();
    await Promise.race([once(successor, "listening"), once(successor, "exit")]);
    if (stopping || successor.isDead()) return; // the processes that are left go on
    old.process.kill("SIGTERM");
    if (!old.isDead()) await once(old, "exit");
  }
  console.log("every Node process is replaced");
}
