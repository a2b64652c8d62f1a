import { once } from "node:events";
import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { hostPython, startPython } from "../support/python.ts";
import { runPythonProgram } from "../support/python-program.ts";

const textOf = (url: string): Promise<string> => fetch(url).then((answer) => answer.text());
const statusOf = (url: string): Promise<number> => fetch(url).then(({ status }) => status);

describe("requestTimeout", () => {
  it("WRK-09: a request that takes too long gets a 504, its thread runs its finally blocks, and its lane serves again", async () => {
    const { url, logger } = await hostPython("stuck:application", { threads: 1, requestTimeout: 200 });
    const pid = await textOf(`${url}/pid`);
    const answer = await fetch(`${url}/busy`);
    expect(answer.status).toBe(504);
    expect(await answer.text()).not.toContain("stuck.py");
    await logger.said("tidied up");
    expect(await textOf(`${url}/pid`)).toBe(pid);
  });

  it("the log names the request and shows the stack of its thread, from the application's first frame on", async () => {
    const { url, logger } = await hostPython("stuck:application", { requestTimeout: 200 });
    await statusOf(`${url}/busy`);
    await logger.said("in do_busy");
    expect(logger.text).toMatch(
      /GET \/busy took longer than requestTimeout, 200 ms; its thread in Python process \d+ was at:\n {2}File ".*stuck\.py"/,
    );
    expect(logger.text).not.toMatch(/wsgi_bridge|threading\.py/);
  });

  it.each([
    ["waits in C", "/sleep"],
    ["catches the exception", "/stubborn"],
  ])("a process whose only thread %s is replaced", async (_how, path) => {
    const { url, logger } = await hostPython("stuck:application", { threads: 1, requestTimeout: 300 });
    const pid = await textOf(`${url}/pid`);
    expect(await statusOf(url + path)).toBe(504);
    await logger.said("has 1 of 1 threads that do not end their request; a new process starts in 0 ms");
    await logger.said(`Python process ${pid} ended by SIGABRT`);
    expect(await textOf(`${url}/pid`)).not.toBe(pid);
  });

  it.each(["/reads", "/asks"])(
    "an exception while %s uses the lane does not damage it: the next requests get their own responses",
    async (path) => {
      const { app, url, logger } = await hostPython("stuck:application", { threads: 1, requestTimeout: 250 });
      const [process] = app.stats().processes;
      for (let i = 0; i < 12; i += 1) {
        await fetch(url + path, { method: "POST", body: Buffer.alloc(4_000_000, "x") }).then(
          (answer) => answer.text().catch(() => "cut"),
          () => "cut",
        );
        expect(await textOf(`${url}/hello`)).toBe("hello");
      }
      expect(app.stats().processes).toMatchObject([{ pid: process?.pid }]);
      expect(logger.text).not.toMatch(/lost (a|its control) connection|ValueError/);
    },
  );

  it("a process in which one thread holds the interpreter's lock logs all stacks, and is replaced", async () => {
    const { url, logger } = await hostPython("stuck:application", { threads: 1, requestTimeout: 200 });
    expect(await statusOf(`${url}/locked`)).toBe(504);
    await logger.said("Fatal Python error: Aborted");
    await logger.said("in do_locked");
    expect(await textOf(`${url}/hello`)).toBe("hello");
  });

  it("a response may take longer, as long as it continues", async () => {
    const { url } = await hostPython("stuck:application", { requestTimeout: 300, streamTimeout: 300 });
    expect(await textOf(`${url}/steady`)).toBe("0 1 2 3 4 5 6 7 8 9 10 11 ");
  });

  it("time in which the client does not read does not count", async () => {
    const { url, port } = await hostPython("stuck:application", { requestTimeout: 300, streamTimeout: 300 });
    const slow = request({ port, path: "/large" }).end();
    const [answer] = await once(slow, "response"); // and nothing of it is read
    expect(await statusOf(`${url}/busy`)).toBe(504); // a whole timeout goes by
    expect(await statusOf(`${url}/busy`)).toBe(504);
    let size = 0;
    for await (const piece of answer) size += piece.length;
    expect(size).toBe(64 * 1024 * 1024);
  });

  it("the exception is never raised in a later request of the thread", async () => {
    const { url, logger } = await hostPython("stuck:application", { threads: 1, requestTimeout: 30 });
    const seen = new Map<number, number>();
    for (let round = 0; round < 60; round += 1) {
      const status = await statusOf(`${url}/brief?${0.02 + round / 3000}`);
      seen.set(status, (seen.get(status) ?? 0) + 1);
      expect(await fetch(`${url}/hello`).then(({ status }) => status === 200 || status === 504)).toBe(true);
    }
    expect([...seen.keys()].sort()).toEqual([200, 504]);
    expect(logger.text).not.toMatch(/Traceback|ended by|lost (a|its control) connection|has a thread/);
  });

  it("0 means no limit", async () => {
    const { url } = await hostPython("stuck:application", { requestTimeout: 0, queueTimeout: 0 });
    expect(await textOf(`${url}/sleep?0.1`)).toBe("hello");
  });
});

describe("the queue", () => {
  it("WRK-09: a request that waits longer than queueTimeout gets a 503 with Retry-After", async () => {
    const { url, logger } = await hostPython("stuck:application", { threads: 1, queueTimeout: 150 });
    const busy = textOf(`${url}/sleep?1`);
    await logger.said("sleeping");
    const answer = await fetch(`${url}/hello`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await busy).toBe("hello");
  });

  it("WRK-09: a request beyond queueLength gets a 503 at once, and the queued ones are served", async () => {
    const { url, logger } = await hostPython("stuck:application", { threads: 1, queueLength: 2 });
    const busy = textOf(`${url}/sleep?1`);
    await logger.said("sleeping");
    const answers = await Promise.all(Array.from({ length: 5 }, () => fetch(`${url}/hello`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 503, 503, 503]);
    expect(await busy).toBe("hello");
  });
});

describe("startTimeout", () => {
  it("a process that does not load the application in time is terminated, and the error says where it was", async () => {
    const app = startPython("slow_import:application", { startTimeout: 1500 });
    await expect(app.ready()).rejects.toMatchObject({
      code: "ERR_WSGI_START_TIMEOUT",
      message: expect.stringMatching(/within startTimeout, 1500 ms[\s\S]*slow_import\.py", line \d+ in wait_for_ever/),
    });
  });
});

describe("bad values", () => {
  it.each([
    ["processes", 0],
    ["threads", 1.5],
    ["startTimeout", 0],
    ["requestTimeout", -1],
    ["streamTimeout", -1],
    ["queueTimeout", Number.NaN],
    ["gracefulTimeout", Number.POSITIVE_INFINITY],
    ["queueLength", -1],
    ["maxRequests", 0.5],
    ["maxRequestsJitter", "1"],
    ["maxBodySize", -1],
    ["spoolThreshold", -1],
    ["reload", "yes"],
  ])("%s: %s is an error that names the option", (option, value) => {
    expect(() => startPython("stuck:application", { [option]: value })).toThrow(new RegExp(`^${option} must be `));
  });
});

it("an exception in a thread that waits for its body loses no byte: the next request is read correctly", () => {
  const program = `
import socket, sys, threading
from wsgi_bridge import fastcgi
from wsgi_bridge.lane import Lane
from wsgi_bridge.interruptible import RequestTimeout

ours, node = socket.socketpair()
lane = Lane(ours)
def request(number):
    begin = fastcgi.record(fastcgi.BEGIN_REQUEST, number, bytes((0, 1, 1, 0, 0, 0, 0, 0)))
    params = fastcgi.record(fastcgi.PARAMS, number, fastcgi.pairs((("N", str(number)),)))
    return begin + params + fastcgi.record(fastcgi.PARAMS, number, b"")
def body(number):
    return fastcgi.record(fastcgi.STDIN, number, b"x" * 50000) + fastcgi.record(fastcgi.STDIN, number, b"")
def serve():
    lane.next_request()
    lane.interruptible.begin()
    try:
        while lane.inbound.read_stdin(1): pass
        print("read")
    except RequestTimeout:
        print("interrupted")
    lane.end(1)
    print(lane.next_request(), lane.inbound.read_stdin(2) == b"x" * 50000)
node.sendall(request(1))
thread = threading.Thread(target=serve)
thread.start()
def waits():
    frame = sys._current_frames().get(thread.ident)
    return frame is not None and frame.f_code.co_name == "_receive" and lane.inbound.request_id == 1
while not waits(): pass
lane.interruptible.interrupt(1)
node.sendall(body(1) + request(2) + body(2))
thread.join()`;
  const said = runPythonProgram(["-c", program]);
  expect(said).toBe("interrupted\n{'N': '2'} True\n");
});
