/** Calls one handler with one caller for some time and prints the cost of a call. Each round is a new process. */
import { CALLERS } from "./callers.mjs";
import { HANDLERS } from "./handlers.mjs";

const [handler, method, caller, seconds] = process.argv.slice(2);
const call = CALLERS[caller](HANDLERS[handler](), method);
const expected = { GET: 13, POST: 5 }[method];

/** @returns {Promise<{ calls: number, cpu: number }>} CPU in microseconds per call */
async function run(milliseconds) {
  const before = process.cpuUsage();
  const end = performance.now() + milliseconds;
  let calls = 0;
  for (; performance.now() < end; calls += 1) {
    const size = await call();
    // On a server, each request arrives in its own turn of the event loop. Without turns, V8's garbage collector would
    // copy dead objects, at random and for both callers, and that would be measured instead of the call.
    await new Promise(setImmediate);
    if (size !== expected) throw new Error(`${caller} ${handler} ${method}: ${size} bytes, not ${expected}`);
  }
  const { user, system } = process.cpuUsage(before);
  return { calls, cpu: (user + system) / calls };
}

await run(1000); // warms up the compiler
console.log(JSON.stringify(await run(Number(seconds) * 1000)));
