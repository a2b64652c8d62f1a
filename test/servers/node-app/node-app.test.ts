/** `NodeApp` called from Python: real Node, real lanes, every call under wsgiref.validate. */
import { describe, expect, it } from "vitest";
import { isAlive } from "../../support/processes.ts";
import { runPythonProgram } from "../../support/python-program.ts";
import { makeSite, runPython } from "./site.ts";

const run = (program: string): Promise<string[]> => runPython(makeSite(), program);

describe("NodeApp", () => {
  it.each([
    ["an Express app", "server.mjs:app", '"/hello", mount="/shop"', "200 OK hello from /shop/hello"],
    ["its default export", "server.mjs", '"/hello"', "200 OK hello from /hello"],
    ["a Koa app", "server.mjs:koa", '"/x", mount="/m"', "200 OK koa /m/x"],
    ["a (req, res) function", "server.mjs:bare", '"/"', "200 OK bare"],
    ["a CommonJS module", "common.cjs:app", '"/"', "200 OK common"],
    ["an app that throws, by raising", "server.mjs:bare", '"/throw"', "NodeAppError TypeError: bare"],
  ])("serves %s", async (_what, target, call, line) => {
    expect(await run(`show(NodeApp(${JSON.stringify(target)}), ${call})`)).toEqual([line]);
  });

  it("streams ten megabytes both ways", async () => {
    const program = `big = bytes(range(256)) * 40000\nprint(call(NodeApp("server.mjs:app"), "/echo", "POST", big)[1] == big)`;
    expect(await run(program)).toEqual(["True"]);
  });

  it("frees its lane when the client disconnects during a response, and the JavaScript app notices it", async () => {
    const program = `app = NodeApp("server.mjs:app", lanes=1)\ncall(app, "/ticks", blocks=1)\nshow(app, "/left")`;
    expect(await run(program)).toEqual(["200 OK it was heard"]);
  });

  it.each([
    ["a safe request is retried, and its client does not notice", 'show(app, "/die-once")', "200 OK alive"],
    [
      "an unsafe one is not",
      'show(app, "/die", "POST", b"x")',
      "NodeExitError Node ended before its response was complete",
    ],
  ])("when Node dies, %s", async (_what, call, line) => {
    expect(await run(`app = NodeApp("server.mjs:app")\n${call}`)).toEqual([line]);
  });

  it("raises when no lane is free within queue_timeout", async () => {
    const program = `app = NodeApp("server.mjs:app", lanes=1, queue_timeout=0.1)
first = begin(app, "/ticks")
show(app, "/hello")
first.close()
show(app, "/hello")`;
    expect(await run(program)).toEqual([
      "NodeTimeoutError no lane to Node became free within queue_timeout, 0.1 s; give NodeApp more lanes or processes",
      "200 OK hello from /hello",
    ]);
  });

  it("starts the given number of processes", async () => {
    const program = `app = NodeApp("server.mjs:app", processes=2, lanes=1)
held = [begin(app, "/pid"), begin(app, "/pid")]
pids = [next(each) for each in held]
for each in held: each.close()
print(len(set(pids)), all(call(app, "/pid")[1] in pids for _ in range(5)))`;
    expect(await run(program)).toEqual(["2 True"]);
  });

  it("does not start Node again at once after a failed start", async () => {
    const site = makeSite({
      "broken.mjs": 'import { appendFileSync } from "node:fs"; appendFileSync("starts", "x"); throw 1',
    });
    const program = `app = NodeApp("broken.mjs")
for _ in range(3):
    try: app.start()
    except NodeError as error: print(type(error).__name__)
print(open("starts").read())`;
    expect(await runPython(site, program)).toEqual(["NodeStartError", "NodeStartError", "NodeStartError", "x"]);
  });

  it("raises for a body that is shorter than its Content-Length, and keeps working", async () => {
    const program = `app = NodeApp("server.mjs:app", lanes=1)
environ = request("/echo", "POST", b"12345")
environ["CONTENT_LENGTH"] = "9"
try: b"".join(app(environ, lambda status, headers: None))
except NodeError as error: print(type(error).__name__, error)
show(app, "/hello")`;
    expect(await run(program)).toEqual([
      "RequestBodyError the request's body is 4 bytes shorter than its Content-Length",
      "200 OK hello from /hello",
    ]);
  });

  it("accepts an environ of 500 KB, and rejects a larger one before Node sees it", async () => {
    const program = `app = NodeApp("server.mjs:app")
for size in (500_000, 600_000):
    environ = request("/hello")
    environ["HTTP_X"] = "x" * size
    try: print(b"".join(app(environ, lambda status, headers: None)))
    except NodeError as error: print(type(error).__name__)`;
    expect(await run(program)).toEqual(["b'hello from /hello'", "RequestEnvironError"]);
  });

  it.each([
    ["an app that aborts its response", "/cut", "NodeAppError the JavaScript app aborted its response", "True"],
    [
      "an app that does not respond",
      "/hang",
      "NodeTimeoutError Node neither sent nor read a byte of the request",
      "True",
    ],
    [
      "a head that is too large for a lane",
      "/long-head",
      "NodeAppError AppProtocolError: startResponse: status and headers have",
      "True",
    ],
    ["a process that ends, twice", "/die", "NodeExitError Node ended before its response was complete", "False"],
  ])("raises for %s, and keeps working", async (_what, path, message, samePid) => {
    const program = `app = NodeApp("server.mjs:app", lanes=1, request_timeout=0.5)
pid = call(app, "/pid")
show(app, "${path}")
print(call(app, "/pid") == pid)`;
    const lines = await run(program);
    expect(lines[0]).toContain(message);
    expect(lines[1]).toBe(samePid);
  });

  it("raises for a response that stalls after its beginning, for longer than stream_timeout, and keeps working", async () => {
    const program = `app = NodeApp("server.mjs:app", lanes=1, stream_timeout=0.3)
stalled = begin(app, "/stall")
print(next(stalled))
try: next(stalled)
except NodeError as error: print(type(error).__name__, error)
stalled.close()
show(app, "/hello")`;
    expect(await run(program)).toEqual([
      "b'begun'",
      "NodeTimeoutError Node neither sent nor read a byte of the request for 0.3 s; see why the JavaScript app does not respond, or give NodeApp a longer stream_timeout",
      "200 OK hello from /hello",
    ]);
  });

  it("lets an event stream be silent for longer than request_timeout and stream_timeout", async () => {
    const program = `app = NodeApp("server.mjs:app", lanes=2, request_timeout=0.3, stream_timeout=0.3)
events = begin(app, "/events")
print(next(events))
for _ in range(3): # each takes the whole request_timeout
    try: call(app, "/hang")
    except NodeError as error: print(type(error).__name__)
show(app, "/release")
print(next(events))
events.close()`;
    const timeouts = Array(3).fill("NodeTimeoutError");
    expect(await run(program)).toEqual(["b'data: first\\n\\n'", ...timeouts, "200 OK released", "b'data: last\\n\\n'"]);
  });

  it.each([
    [
      "a name that is not exported",
      'NodeApp("server.mjs:nope")',
      "got undefined; server.mjs exports app, bare, default, koa",
    ],
    ["a missing file", 'NodeApp("gone.mjs")', "gone.mjs cannot be loaded"],
    ["a folder without the npm package", 'NodeApp("server.mjs", "/")', "run npm install wsgi-bridge there"],
    ["a missing Node", 'NodeApp("server.mjs", node="/no/node")', "install Node 20.19 or later"],
  ])("NodeStartError says what to do about %s", async (_what, app, message) => {
    const lines = await run(`try:\n  ${app}.start()\nexcept NodeError as error:\n  print(type(error).__name__, error)`);
    expect(lines[0]).toContain("NodeStartError");
    expect(lines.join("\n")).toContain(message);
  });

  it("after close() raises NodeClosedError", async () => {
    const program = `app = NodeApp("server.mjs:app")\napp.start()\napp.close()\nshow(app, "/hello")`;
    expect((await run(program))[0]).toContain("NodeClosedError");
  });

  it("starts a separate Node in a forked process", async () => {
    const program = `import os
app = NodeApp("server.mjs:app")
pid = call(app, "/pid")[1]
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, call(app, "/pid")[1])
    app.close()
    os._exit(0)
os.wait()
print(os.read(read, 100) != pid, call(app, "/pid")[1] == pid)`;
    expect(await run(program)).toEqual(["True True"]);
  });
});

it("ISO-14: Node ends after Python was killed, even if Node's event loop is stuck", async () => {
  const program = `import os, signal, threading, time
app = NodeApp("server.mjs:app", lanes=2)
pid = call(app, "/pid")[1].decode()
threading.Thread(target=call, args=(app, "/spin"), daemon=True).start()
ticks = lambda: sum(map(int, open("/proc/%s/stat" % pid).read().rpartition(") ")[2].split()[11:13]))
while ticks() < 150: time.sleep(0.05)
print(pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)`;
  const killed = await run(program).then(
    () => undefined,
    (error: { stdout: string }) => error,
  );
  const stdout = killed?.stdout;
  expect(stdout).toMatch(/^\d+\n$/);
  await expect.poll(() => isAlive(Number(stdout)), { timeout: 15_000 }).toBe(false);
});

it("import wsgi_bridge loads none of NodeApp's modules", () => {
  const program = "import sys, wsgi_bridge; print(sorted(m for m in sys.modules if m.startswith('wsgi_bridge')))";
  expect(runPythonProgram(["-c", program]).trim()).toBe("['wsgi_bridge']");
});
