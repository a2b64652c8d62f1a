/** Runs the demo until Ctrl-C: `npm run demo`, or `PORT=8080 npm run demo`. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createDemo } from "./app.mjs";

const server = createServer();
try {
  server.listen(Number(process.env.PORT ?? 3000));
  await once(server, "listening");
} catch (error) {
  const taken = `Port ${error.port} is taken. Choose another one: PORT=8080 npm run demo`;
  console.error(error.code === "EADDRINUSE" ? taken : error.message);
  process.exit(1); // no Python process was started
}

const demo = createDemo();
server.on("request", demo.app);

let stopping;
async function stop() {
  if (stopping !== undefined) {
    // npm forwards a Ctrl-C that this process has received already, so a signal that follows at once is ignored.
    if (performance.now() - stopping > 300) process.exit(1); // the Python processes exit with this one
    return;
  }
  stopping = performance.now();
  console.log("\nStopping; press Ctrl-C again to stop at once.");
  server.close(); // accepts no new connections; running requests complete
  await demo.close();
  server.closeIdleConnections(); // connections that became idle since, which clients may keep open for seconds
}
process.on("SIGINT", stop).on("SIGTERM", stop);

try {
  await demo.ready();
  console.log(whatToTry(`http://localhost:${server.address().port}`));
} catch (error) {
  if (stopping === undefined) {
    console.error(error.message);
    process.exitCode = 1;
    await stop();
  }
}

function whatToTry(url) {
  return `
The demo is at ${url}/  (Ctrl-C stops it). Try:

  curl ${url}/health                                          # Express
  curl ${url}/products/2                                      # Bottle, a route with a parameter
  curl -d name=Zoë -d product=1 -d count=2 ${url}/order       # Bottle, a form
  curl -H content-type:application/json -d '{"product": 1, "count": 2}' ${url}/api/orders  # JSON
  curl -F file=@package.json ${url}/upload                    # Bottle, a file
  curl -N ${url}/countdown                                    # Bottle, a stream
  curl ${url}/no/such/page                                    # Bottle's own 404
  curl ${url}/broken                                          # an exception in Python: a 500, with the traceback here
  curl ${url}/flask/                                          # Flask, mounted: look at its links
  curl ${url}/js/any/path                                     # a WSGI app in JavaScript
`;
}
