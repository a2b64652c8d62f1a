import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { hostPython } from "../support/python.ts";
import { brought, raw, rawConnection, rawGet } from "../support/server.ts";

it("gives Python a correct environ of native types (ENV-02, ENV-19, ENV-21, ENV-23)", async () => {
  const { port } = await hostPython("probe:application", { processes: 1, threads: 2 });
  const { body } = await rawGet(port, "/environ?a=%20b", "X-Twice: 1\r\nX-Twice: 2\r\nX_Bad: 1\r\nProxy: evil\r\n");
  expect(JSON.parse(body)).toMatchObject({
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: "",
    PATH_INFO: "/environ",
    QUERY_STRING: "a=%20b",
    REQUEST_URI: "/environ?a=%20b",
    SERVER_PORT: String(port),
    SERVER_PROTOCOL: "HTTP/1.1",
    REMOTE_ADDR: "127.0.0.1",
    HTTP_HOST: "test",
    HTTP_X_TWICE: "1,2",
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.multithread": true,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
    "wsgi.input_terminated": true,
    "wsgi.input": "BytesIO",
    "wsgi.errors": "ErrorStream",
  });
  const keys = Object.keys(JSON.parse(body));
  for (const key of ["HTTP_X_BAD", "HTTP_PROXY", "CONTENT_LENGTH", "HTTP_CONNECTION"]) expect(keys).not.toContain(key);
});

it("wsgi.multiprocess is true for several processes, and wsgi.multithread is false for one thread", async () => {
  const { port } = await hostPython("probe:application", { processes: 2, threads: 1 });
  expect(JSON.parse((await rawGet(port, "/environ")).body)).toMatchObject({
    "wsgi.multithread": false,
    "wsgi.multiprocess": true,
  });
});

it("CL-01: a list of one block has its length as Content-Length", async () => {
  const { port } = await hostPython("probe:application");
  const { head, body } = await rawGet(port, "/hello");
  expect(head).toContain("\r\nContent-Length: 5\r\n");
  expect(body).toBe("hello");
});

it.each([0, 1, 70_000, 3_000_000])("transfers a body of %i bytes in both directions", async (size) => {
  const { url } = await hostPython("probe:application");
  const body = Buffer.alloc(size, "0123456789abcdef\n");
  const answer = await fetch(`${url}/echo`, { method: "POST", body });
  const back = Buffer.from(await answer.arrayBuffer());
  expect(answer.headers.get("x-length")).toBe(String(size));
  expect(createHash("md5").update(back).digest("hex")).toBe(createHash("md5").update(body).digest("hex"));
});

it("EXP-05: a body without Content-Length arrives with the correct one", async () => {
  const { port } = await hostPython("probe:application");
  const head = "POST /echo HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  const answer = await raw(port, `${head}3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n`);
  expect(answer.head).toContain("X-Length: 7");
  expect(answer.body).toBe("abcdefg");
});

it("INP-05..07: wsgi.input reads lines as a file does", async () => {
  const { url } = await hostPython("probe:application");
  const answer = await fetch(`${url}/lines`, { method: "POST", body: "abcdef\nline\nthree\nfour" });
  expect(await answer.text()).toBe("[b'abcd', b'ef\\n', [b'line\\n'], [b'three\\n', b'four'], b'']");
});

it("INP-11: a body that the app did not read does not disturb the next request", async () => {
  const { url } = await hostPython("probe:application", { threads: 1 });
  const body = Buffer.alloc(2_000_000, "x");
  for (let i = 0; i < 3; i += 1) {
    const answer = await fetch(`${url}/ignore_body`, { method: "POST", body });
    expect(await answer.text()).toBe("ignored");
  }
});

it("ITER-02: a streamed block arrives while the app is still running", async () => {
  const { port, logger } = await hostPython("probe:application");
  const socket = await rawConnection(port, "GET /ticks?a HTTP/1.1\r\nHost: test\r\n\r\n");
  await brought(socket, "tick");
  socket.destroy();
  await logger.said("closed a");
});

it("ITER-05, WRK-08: a disconnect ends the response, and the lane takes the next request", async () => {
  const { port, logger } = await hostPython("probe:application", { threads: 1 });
  const socket = await rawConnection(port, "GET /endless?b HTTP/1.1\r\nHost: test\r\n\r\n");
  await brought(socket, "xxxx");
  socket.destroy();
  await logger.said("closed b");
  expect((await rawGet(port, "/hello")).body).toBe("hello");
});

it("WRT-01: data of write() is sent before the blocks of the result", async () => {
  const { url } = await hostPython("probe:application");
  expect(await (await fetch(`${url}/write`)).text()).toBe("abc");
});

it("SR-04: excInfo replaces the whole head while nothing is sent", async () => {
  const { port } = await hostPython("probe:application");
  const { head, body } = await rawGet(port, "/replace");
  expect(head).toMatch(/^HTTP\/1\.1 503 Busy\r\n/);
  expect(head).toContain("X-New: 1");
  expect(head).not.toContain("X-Old");
  expect(body).toContain("busy");
});

it("EXC-02: an exception before the head is a 500 that reveals nothing, and a traceback in the log", async () => {
  const { port, logger } = await hostPython("probe:application");
  const { text } = await rawGet(port, "/raise");
  expect(text).toMatch(/^HTTP\/1\.1 500 /);
  expect(text).not.toMatch(/LookupError|probe|Traceback/);
  expect(logger.text).toMatch(/Traceback[\s\S]*probe\.py[\s\S]*LookupError: spät \\x1b\[31m/);
  expect(logger.text).not.toContain("handler.py");
});

it("EXC-03: an exception after the head aborts the connection", async () => {
  const { port, logger } = await hostPython("probe:application");
  const { text } = await rawGet(port, "/raise_late");
  expect(text).not.toContain("0\r\n\r\n");
  await logger.said("LookupError: too late");
  expect((await rawGet(port, "/hello")).body).toBe("hello");
});

it.each([
  ["SEC-06: CR LF in a header", "/bad_header", "control characters"],
  ["EXC-05: sys.exit()", "/exit", "SystemExit"],
])("%s is a 500, and the process keeps running", async (_, target, said) => {
  const { port, logger } = await hostPython("probe:application");
  expect((await rawGet(port, target)).head).toMatch(/^HTTP\/1\.1 500 /);
  expect(logger.text).toContain(said);
  expect((await rawGet(port, "/hello")).body).toBe("hello");
});

it("CL-04: a body shorter than declared is a 500 before the head is sent, and aborts the connection after it", async () => {
  const { port, url, logger } = await hostPython("probe:application");
  expect((await fetch(`${url}/short`)).status).toBe(500);
  await expect(fetch(`${url}/short_late`).then((answer) => answer.text())).rejects.toThrow();
  await logger.said("3 bytes shorter than its Content-Length");
  expect((await rawGet(port, "/hello")).body).toBe("hello");
});

it("CL-05: a body longer than declared is truncated, and the log says so", async () => {
  const { port, url, logger } = await hostPython("probe:application");
  expect(await (await fetch(`${url}/surplus`)).text()).toBe("abc");
  await logger.said("more than its Content-Length");
  expect((await rawGet(port, "/hello")).body).toBe("hello");
});

it("WRK-03: what the app prints is logged line by line and never sent", async () => {
  const { port, logger } = await hostPython("probe:application");
  expect((await rawGet(port, "/errors")).body).toBe("hello");
  await Promise.all([logger.said("said on stdout"), logger.said("said on stderr")]);
  expect(logger.text).toMatch(/^\[\d+\] said on wsgi\.errors ✓$/m);
});

it("serves as many requests at once as there are threads, and the others after them", async () => {
  const { url, logger } = await hostPython("probe:application", { processes: 1, threads: 2 });
  const waiting = fetch(`${url}/wait`).then((answer) => answer.text());
  await logger.said("waiting");
  const answers = await Promise.all([1, 2, 3, 4].map(() => fetch(`${url}/open`).then((answer) => answer.text())));
  expect([...answers, await waiting]).toEqual(Array(5).fill("hello"));
});

it("a client that reads slowly does not hold up the Python thread for a response of less than 1 MiB", async () => {
  const { port } = await hostPython("probe:application", { threads: 1 });
  const slow = await rawConnection(port, "GET /large?1000000 HTTP/1.1\r\nHost: test\r\n\r\n");
  slow.pause();
  expect((await rawGet(port, "/hello")).body).toBe("hello");
  slow.destroy();
});
