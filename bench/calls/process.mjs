/** Calls one handler by one caller for some time and prints what a call cost: a process of its own for each round. */
import { CALLERS } from "./callers.mjs";
import { HANDLERS } from "./handlers.mjs";

const [handler, method, caller, seconds] = process.argv.slice(2);
const call = CALLERS[caller](HANDLERS[handler](), method);
const expected = { GET: 13, POST: 5 }[method];

/** @returns {Promise<{ calls: number, cpu: number }>} CPU in microseconds a call */
async function run(milliseconds) {
  const before = process.cpuUsage();
  const end = performance.now() + milliseconds;
  let calls = 0;
  for (; performance.now() < end; calls += 1) {
    const size = await call();
    // Each request of a server comes in a turn of the loop of its own. Without one, V8's collector copies what is
    // long dead, for both callers, and by chance: that, and not the call, would be measured.
    await new Promise(setImmediate);
    if (size !== expected) throw new Error(`${caller} ${handler} ${method}: ${size} bytes, not ${expected}`);
  }
  const { user, system } = process.cpuUsage(before);
  return { calls, cpu: (user + system) / calls };
}

await run(1000); // compilers
console.log(JSON.stringify(await run(Number(seconds) * 1000)));
