/** Threads that cannot be interrupted cost the other requests of their process nothing, as under gunicorn. */
import { describe, expect, it } from "vitest";
import { isAlive } from "../support/processes.ts";
import { hostPython } from "../support/python.ts";

const textOf = (url: string): Promise<string> => fetch(url).then((answer) => answer.text());
const statusOf = (url: string): Promise<number> => fetch(url).then(({ status }) => status);

/** A response whose first piece has arrived. */
interface Begun {
  /** Resolves with the whole text when the response is complete. */
  readonly whole: Promise<string>;
}

async function begin(url: string): Promise<Begun> {
  const reader = ((await fetch(url)).body as ReadableStream<Uint8Array>).getReader();
  const first = await reader.read();
  const readAll = async (): Promise<string> => {
    const pieces = [first.value as Uint8Array];
    for (let read = await reader.read(); !read.done; read = await reader.read()) pieces.push(read.value);
    return Buffer.concat(pieces).toString();
  };
  return { whole: readAll() };
}

describe("a thread that does not end its request", () => {
  it("costs neither an idle event stream nor a long report, and its lane serves again when it ends late", async () => {
    const limits = { requestTimeout: 300, streamTimeout: 300, gracefulTimeout: 100 };
    const { app, url, logger } = await hostPython("stuck:application", { threads: 4, ...limits });
    const pid = await textOf(`${url}/pid`);
    const events = await begin(`${url}/events`);
    const report = await begin(`${url}/report`);

    expect(await statusOf(`${url}/receive`)).toBe(504);
    await logger.said(
      `stuck:application: Python process ${pid} has 1 of 4 threads that do not end their request; it keeps serving on the other 3`,
    );
    for (let i = 0; i < 3; i += 1) expect(await statusOf(`${url}/busy`)).toBe(504); // each takes the whole limit
    expect(app.stats().processes).toMatchObject([{ pid: Number(pid), state: "ready", restarts: 0, stuck: 1 }]);
    expect(await textOf(`${url}/release`)).toBe("hello");
    expect(await events.whole).toBe("data: first\n\ndata: last\n\n");
    expect(await report.whole).toMatch(/^(line\n)+end\n$/);

    expect(await textOf(`${url}/free`)).toBe("hello");
    await logger.said(`Python process ${pid} has a thread back that did not end its request in time`);
    expect(app.stats().processes).toMatchObject([{ pid: Number(pid), restarts: 0, stuck: 0, inFlight: 0 }]);
    // Only four threads together can serve these requests: three wait until the fourth sends their byte.
    const waiting = [1, 2, 3].map(() => textOf(`${url}/receive`));
    for (let i = 0; i < 3; i += 1) expect(await textOf(`${url}/free`)).toBe("hello");
    expect(await Promise.all(waiting)).toEqual(["hello", "hello", "hello"]);
    expect(logger.text).not.toMatch(/ended by|a new process/);
  });

  it("ends its process if it was the last one that could serve, and queued requests wait for the next process", async () => {
    const { app, url, logger } = await hostPython("stuck:application", { threads: 2, requestTimeout: 300 });
    const pid = await textOf(`${url}/pid`);
    const stuck = [statusOf(`${url}/receive`), statusOf(`${url}/stubborn`)];
    await logger.said("receiving");
    const queued = [1, 2, 3].map(() => fetch(`${url}/pid`, { method: "POST" }).then((answer) => answer.text()));
    expect(await Promise.all(stuck)).toEqual([504, 504]);
    await logger.said(
      `Python process ${pid} has 2 of 2 threads that do not end their request; a new process starts in 0 ms`,
    );
    await logger.said(`Python process ${pid} ended by SIGABRT`);
    const [next] = new Set(await Promise.all(queued));
    expect(next).toMatch(/^\d+$/);
    expect(next).not.toBe(pid);
    expect(app.stats().processes).toMatchObject([{ pid: Number(next), restarts: 1, stuck: 0 }]);
  });

  it("and holds the interpreter's lock ends its process, whose other requests have gracefulTimeout", async () => {
    const limits = { requestTimeout: 1_500, gracefulTimeout: 200 };
    const { url, logger } = await hostPython("stuck:application", { threads: 2, ...limits });
    const pid = await textOf(`${url}/pid`);
    const locked = statusOf(`${url}/locked`);
    const beside = fetch(`${url}/sleep?60`, { method: "POST" }).then(({ status }) => status);
    expect(await locked).toBe(504);
    expect([502, 504]).toContain(await beside);
    await logger.said(`Python process ${pid} does not react: a request blocks all its threads; a new process starts`);
    await logger.said(`Python process ${pid} ended by SIGABRT`);
    expect(await textOf(`${url}/hello`)).toBe("hello");
  });

  it.each(["close", "reload"] as const)("is not waited for by %s()", async (method) => {
    // With this gracefulTimeout, the test would not end in time.
    const limits = { requestTimeout: 300, gracefulTimeout: 600_000 };
    const { app, url } = await hostPython("stuck:application", { threads: 2, ...limits });
    const pid = Number(await textOf(`${url}/pid`));
    expect(await statusOf(`${url}/receive`)).toBe(504);
    await app[method]();
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});

describe("streamTimeout", () => {
  it("limits the silence of a response that has begun: the client's connection breaks, and the log says where it was", async () => {
    const { app, url, logger } = await hostPython("stuck:application", { streamTimeout: 200 });
    const answer = await fetch(`${url}/stalled`);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    await logger.said("in do_stalled");
    expect(logger.text).toMatch(
      /GET \/stalled took longer than streamTimeout, 200 ms between two parts of its response; its thread in Python process \d+ was at:\n/,
    );
    expect(await textOf(`${url}/hello`)).toBe("hello");
    expect(app.stats().processes).toMatchObject([{ restarts: 0, stuck: 0 }]);
  });

  it("does not limit the time to the head, and requestTimeout does not limit the rest", async () => {
    const { url } = await hostPython("stuck:application", { threads: 3, requestTimeout: 300, streamTimeout: 0 });
    const paused = await begin(`${url}/pause`);
    expect(await statusOf(`${url}/busy`)).toBe(504); // the whole of requestTimeout
    expect(await statusOf(`${url}/busy`)).toBe(504);
    expect(await textOf(`${url}/release`)).toBe("hello");
    expect(await paused.whole).toBe("begun, ended");
  });

  it.each([
    ["runs Python code", "/busy_events", 0],
    ["waits in C", "/events", 1],
  ])("finds the thread of an event stream that %s after its client has left", async (_how, path, stuck) => {
    const { app, url, logger } = await hostPython("stuck:application", { streamTimeout: 200 });
    const [process] = app.stats().processes;
    const client = new AbortController();
    const { body } = await fetch(url + path, { signal: client.signal });
    await body?.getReader().read();
    client.abort();
    await logger.said(`GET ${path} took longer than streamTimeout, 200 ms`);
    await expect
      .poll(() => app.stats().processes, { timeout: 10_000 })
      .toMatchObject([{ pid: process?.pid, stuck, inFlight: stuck }]);
    expect(await textOf(`${url}/release`)).toBe("hello");
    await expect
      .poll(() => app.stats().processes, { timeout: 10_000 })
      .toMatchObject([{ pid: process?.pid, stuck: 0, inFlight: 0 }]);
  });
});
