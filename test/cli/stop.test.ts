/** Stopping `wsgi-bridge serve` with real signals: running requests complete, and no Python process is left. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ExitCode } from "../../src/cli/exit-codes.ts";
import { SIGNAL_BASE } from "../../src/servers/signals.ts";
import { isAlive } from "../support/processes.ts";
import { brought, rawConnection } from "../support/server.ts";
import { Program } from "./program.ts";

/** Returns the path of a file that does not exist until the test writes it. */
function gate(): string {
  const folder = mkdtempSync(join(tmpdir(), "wsgi-bridge-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "gate");
}

/** Requests a response that begins at once and ends when the file exists. */
async function begun(url: string, file: string): Promise<Response> {
  return await fetch(`${url}/until?file=${encodeURIComponent(file)}`);
}

it.each(["SIGTERM", "SIGINT"] as const)(
  "completes the running response on %s, refuses new connections and leaves no Python process; exit code 0",
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

it("completes the running response on Ctrl-C in a terminal, which also signals the Python processes", async () => {
  const program = Program.serve("till:app");
  const file = gate();
  const { body } = await begun(await program.url(), file);
  program.signalGroup("SIGINT");
  await program.said(/^Stopping/);
  writeFileSync(file, "");
  expect(await new Response(body).text()).toBe("begun\nended\n");
  expect(await program.ended()).toBe(ExitCode.stopped);
});

it("reads the rest of an upload that is running when the signal arrives, and responds to it", async () => {
  const program = Program.serve("till:app");
  const { port } = new URL(await program.url());
  const head = "POST /length HTTP/1.1\r\nHost: till\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n";
  const socket = await rawConnection(Number(port), head);
  await brought(socket, "100 Continue"); // so the request is running
  socket.write("12345");
  program.signal("SIGTERM");
  await program.said(/^Stopping/);
  const answer = brought(socket, "\r\n\r\n10");
  socket.write("67890");
  expect(await answer).toMatch(/HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n/i);
  expect(await program.ended()).toBe(ExitCode.stopped);
});

it("does not wait for an idle keep-alive connection", async () => {
  const program = Program.serve("till:app");
  const { port } = new URL(await program.url());
  const socket = await rawConnection(Number(port), "GET / HTTP/1.1\r\nHost: till\r\n\r\n");
  await brought(socket, "The till is open");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  program.signal("SIGTERM");
  await closed;
  expect(await program.ended()).toBe(ExitCode.stopped);
});

it("stops on a signal before the application is loaded; exit code 0", async () => {
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
] as const)(
  "stops at once on %s followed by %s, with exit code %i, and ends the Python processes",
  async (first, second, code) => {
    const program = Program.serve("till:app");
    const file = gate();
    const { body } = await begun(await program.url(), file);
    const children = program.children();
    program.signal(first);
    await program.said(/^Stopping/);
    program.signal(second);
    await expect(new Response(body).text()).rejects.toThrow();
    expect(await program.ended()).toBe(code);
    writeFileSync(file, ""); // so that the test need not wait for the Python process, which gives its threads a few seconds
    await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  },
);

it("stops at once when the same signal arrives a second time", async () => {
  const program = Program.serve("till:app");
  const { body } = await begun(await program.url(), gate());
  program.signal("SIGINT");
  await program.said(/^Stopping/);
  // The program ignores a signal that follows at once, which npm may have sent, so the test sends it repeatedly.
  const repeated = setInterval(() => program.signal("SIGINT"), 100);
  onTestFinished(() => clearInterval(repeated));
  await expect(new Response(body).text()).rejects.toThrow();
  expect(await program.ended()).toBe(SIGNAL_BASE + 2);
});
