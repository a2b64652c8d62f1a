/** The end of `wsgi-bridge serve`, by real signals: what is under way ends, and no Python process is left. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ExitCode } from "../../src/cli/exit-codes.ts";
import { SIGNAL_BASE } from "../../src/servers/signals.ts";
import { isAlive } from "../support/processes.ts";
import { brought, rawConnection } from "../support/server.ts";
import { Program } from "./program.ts";

/** A path at which nothing is, until a test writes it. */
function gate(): string {
  const folder = mkdtempSync(join(tmpdir(), "wsgi-bridge-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "gate");
}

/** Has begun its answer, and ends it when the file is there. */
async function begun(url: string, file: string): Promise<Response> {
  return await fetch(`${url}/until?file=${encodeURIComponent(file)}`);
}

it.each(["SIGTERM", "SIGINT"] as const)(
  "%s: an answer under way ends, new connections are refused, exit code 0, no Python process left",
  async (signal) => {
    const program = Program.serve("till:app", ["--processes", "2"]);
    const url = await program.url();
    const file = gate();
    const { body } = await begun(url, file);
    const children = program.children();
    expect(children).toHaveLength(2);
    program.signal(signal);
    expect(await program.said(/^Stopping/)).toContain(signal);
    await expect(fetch(url)).rejects.toThrow();
    writeFileSync(file, "");
    expect(await new Response(body).text()).toBe("begun\nended\n");
    expect(await program.ended()).toBe(ExitCode.stopped);
    expect(children.filter(isAlive)).toEqual([]);
    expect(program.stderr).toEqual([]);
  },
);

it("Ctrl-C in a terminal, which signals the Python processes too: an answer under way ends all the same", async () => {
  const program = Program.serve("till:app");
  const file = gate();
  const { body } = await begun(await program.url(), file);
  program.signalGroup("SIGINT");
  await program.said(/^Stopping/);
  writeFileSync(file, "");
  expect(await new Response(body).text()).toBe("begun\nended\n");
  expect(await program.ended()).toBe(ExitCode.stopped);
});

it("an upload of which only a part has come when the signal does is taken and answered", async () => {
  const program = Program.serve("till:app");
  const { port } = new URL(await program.url());
  const head = "POST /length HTTP/1.1\r\nHost: till\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n";
  const socket = await rawConnection(Number(port), head);
  await brought(socket, "100 Continue"); // so it is under way
  socket.write("12345");
  program.signal("SIGTERM");
  await program.said(/^Stopping/);
  const answer = brought(socket, "\r\n\r\n10");
  socket.write("67890");
  expect(await answer).toMatch(/HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n/i);
  expect(await program.ended()).toBe(ExitCode.stopped);
});

it("an idle connection that its client keeps alive does not hold up the end", async () => {
  const program = Program.serve("till:app");
  const { port } = new URL(await program.url());
  const socket = await rawConnection(Number(port), "GET / HTTP/1.1\r\nHost: till\r\n\r\n");
  await brought(socket, "The till is open");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  program.signal("SIGTERM");
  await closed;
  expect(await program.ended()).toBe(ExitCode.stopped);
});

it("a signal before the application is loaded: exit code 0, without a word of serving", async () => {
  const file = gate();
  const program = Program.serve("late:app", [], { env: { LATE_GATE: file } });
  await program.said(/^loading$/);
  const children = program.children();
  program.signal("SIGTERM");
  await program.said(/^Stopping/);
  writeFileSync(file, "");
  expect(await program.ended()).toBe(ExitCode.stopped);
  expect(program.stdout.join("\n")).not.toContain("Serving");
  expect(children.filter(isAlive)).toEqual([]);
});

it.each([
  ["SIGINT", "SIGTERM", SIGNAL_BASE + 15],
  ["SIGTERM", "SIGINT", SIGNAL_BASE + 2],
] as const)("%s, then %s: ends at once, exit code %i, and the Python processes follow", async (first, second, code) => {
  const program = Program.serve("till:app");
  const file = gate();
  const { body } = await begun(await program.url(), file);
  const children = program.children();
  program.signal(first);
  await program.said(/^Stopping/);
  program.signal(second);
  await expect(new Response(body).text()).rejects.toThrow();
  expect(await program.ended()).toBe(code);
  writeFileSync(file, ""); // a Python process gives its threads a few seconds: they need not be waited for
  await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([]);
});

it("the same signal a second time: ends at once too", async () => {
  const program = Program.serve("till:app");
  const { body } = await begun(await program.url(), gate());
  program.signal("SIGINT");
  await program.said(/^Stopping/);
  // One that comes at once may be npm's repetition of the first, so it is sent until it is a second one.
  const impatience = setInterval(() => program.signal("SIGINT"), 100);
  onTestFinished(() => clearInterval(impatience));
  await expect(new Response(body).text()).rejects.toThrow();
  expect(await program.ended()).toBe(SIGNAL_BASE + 2);
});
