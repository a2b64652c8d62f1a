/** ISO-03: objects of a finished request cannot affect another request. There is one thread, so all requests use the same lane. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { hostPython } from "../support/python.ts";
import { runPythonProgram } from "../support/python-program.ts";

const post = async (url: string, body: string | Buffer): Promise<string> =>
  (await fetch(url, { method: "POST", body })).text();

const ENDED =
  /^RequestEndedError: the request has ended, so its wsgi\.input, start_response\(\), write\(\) and client_/;

it.each([
  ["read", "wsgi.input", 10],
  ["read", "wsgi.input of an incomplete body", 1_000_000],
  ["write", "write()", 10],
  ["restart", "start_response()", 10],
  ["ask", "client_disconnected()", 10],
])(
  "late use (%s) of %s raises in the thread that does it, and the next client gets its own body and response",
  async (how, _, size) => {
    const { url, logger } = await hostPython("late:application", { threads: 1 });
    const started = logger.text;
    for (let i = 0; i < 5; i += 1) {
      expect(await post(`${url}/${how}`, Buffer.alloc(size, "a"))).toBe("answered");
      const [outcome, body] = (await post(`${url}/go`, `the next body ${i}`)).split("|");
      expect(outcome).toMatch(ENDED);
      expect(body).toBe(`the next body ${i}`);
    }
    expect(logger.text).toBe(started);
  },
);

it("a thread that is reading gets the body of its own request or an error, and no byte of the next request", async () => {
  const { url, logger } = await hostPython("late:application", { threads: 1 });
  const started = logger.text;
  for (let i = 0; i < 5; i += 1) {
    expect(await post(`${url}/read_all`, Buffer.alloc(3_000_000, "a"))).toBe("answered");
    const [outcome, body] = (await post(`${url}/go`, `the next body ${i}`)).split("|");
    if (outcome !== "got 3000000") expect(outcome).toMatch(ENDED);
    expect(body).toBe(`the next body ${i}`);
  }
  expect(logger.text).toBe(started);
});

it("a thread that waits for the body of an ended request gets an error, not a body that looks complete", () => {
  const script = fileURLToPath(new URL("../support/cut_body.py", import.meta.url));
  expect(runPythonProgram([script])).toBe("RequestEndedError\n");
});

it("late output to wsgi.errors goes to the process's own stderr", async () => {
  const { url, logger } = await hostPython("late:application", { threads: 1 });
  expect(await post(`${url}/log`, "a")).toBe("answered");
  expect(await post(`${url}/go`, "b")).toBe("got 12|b");
  expect(await logger.said("a late word")).toBe("a late word"); // without the id of a request
});

it("client_disconnected() at the very end of a request takes nothing of the next request", async () => {
  const { app, url, logger } = await hostPython("late:application", { threads: 2 });
  const started = logger.text;
  const [process] = app.stats().processes;
  const client = async (name: string): Promise<string[]> => {
    const wrong: string[] = [];
    for (let i = 0; i < 150; i += 1) {
      const token = `${name}${i}`;
      const answer = await post(`${url}/watch?${token}`, "body");
      if (answer !== token) wrong.push(answer);
    }
    return wrong;
  };
  expect((await Promise.all(["a", "b", "c", "d"].map(client))).flat()).toEqual([]);
  expect(app.stats().processes).toMatchObject([{ pid: process?.pid }]);
  expect(logger.text).toBe(started);
});
