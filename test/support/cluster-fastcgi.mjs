/** Two `node:cluster` workers that serve FastCGI on one port. Prints their addresses; exits when stdin ends. */
import cluster from "node:cluster";
import { once } from "node:events";
import { serveFastcgi } from "wsgi-bridge/fastcgi";

if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  const messages = await Promise.all(workers.map((worker) => once(worker, "message")));
  console.log(JSON.stringify(messages.map(([address]) => address)));
  await once(process.stdin.resume(), "end");
  for (const worker of workers) worker.send("close");
} else {
  const app = (environ, startResponse) => {
    startResponse("200 OK", []);
    return [Buffer.from(`${process.pid} ${environ["wsgi.multiprocess"]}`)];
  };
  const server = await serveFastcgi(app, { port: 0 });
  process.send(server.address);
  await once(process, "message");
  await server.close();
  process.disconnect();
}
