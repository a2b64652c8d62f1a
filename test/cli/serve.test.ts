/** `wsgi-bridge serve` with Flask and Bottle, over HTTP, started as a user starts it. */
import { networkInterfaces } from "node:os";
import { expect, it, onTestFinished } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { ExitCode } from "../../src/cli/exit-codes.ts";
import { urlOf } from "../../src/cli/listen.ts";
import { childrenOf } from "../support/processes.ts";
import { listen, rawGet } from "../support/server.ts";
import { APPS, Program, VERSION } from "./program.ts";

const text = async (url: string, init?: RequestInit): Promise<string> => (await fetch(url, init)).text();

it("prints the URL with the real port, and the numbers of processes and threads, when the application is loaded", async () => {
  const program = Program.serve("till:app");
  const line = await program.said(/^Serving /);
  expect(line).toMatch(
    /^Serving till:app at http:\/\/127\.0\.0\.1:[1-9]\d* \(wsgi-bridge \S+, 1 process of 2 threads\)$/,
  );
  expect(line).toContain(VERSION);
  expect(program.stdout).toEqual([line]);
  expect(program.stderr).toEqual([]);
});

it("serves Flask, whose links have the address that the client used", async () => {
  const url = await Program.serve("till:app").url();
  expect(await text(`${url}/`)).toBe(`The till is open at ${url}/`);
  expect(await text(`${url}/length`, { method: "POST", body: "12345" })).toBe("5");
});

it("serves Bottle, with forms and the 404 of the application", async () => {
  const url = await Program.serve("notes:app").url();
  expect(await text(`${url}/`)).toBe(`Notes at ${url}/`);
  expect(
    JSON.parse(await text(`${url}/notes`, { method: "POST", body: new URLSearchParams({ text: "für" }) })),
  ).toEqual({
    text: "für",
  });
  const missing = await fetch(`${url}/nothing`);
  expect(missing.status).toBe(404);
  expect(await missing.text()).toContain("Not found: &#039;/nothing&#039;");
});

it("starts the processes and threads of --processes and --threads, and sets the environ accordingly", async () => {
  const program = Program.serve("till:app", ["--processes", "3", "--threads", "1"]);
  expect(await text(`${await program.url()}/crew`)).toBe('{"multiprocess":true,"multithread":false}\n');
  expect(program.children()).toHaveLength(3);
  expect(program.stdout[0]).toContain("3 processes of 1 thread)");
});

it("forks the processes from one import with --preload", async () => {
  const program = Program.serve("till:app", ["--processes", "2", "--preload"]);
  expect(await text(`${await program.url()}/crew`)).toContain('"multiprocess":true');
  const [template, ...others] = program.children();
  expect(others).toEqual([]);
  expect(childrenOf(template as number)).toHaveLength(2);
});

it("passes its environment on to the application", async () => {
  const url = await Program.serve("till:app", [], { env: { SHOP_DATABASE_URL: "postgres://till" } }).url();
  expect(await text(`${url}/environment/SHOP_DATABASE_URL`)).toBe("postgres://till");
});

it("takes the port from PORT, unless --port is given", async () => {
  const holder = await listen(() => undefined); // a port that no other program can take meanwhile
  onTestFinished(() => holder.close());
  const PORT = String(holder.port);
  const usual = ["--directory", APPS, "--python", ensurePython()];
  const byEnvironment = new Program(["serve", "till:app", ...usual], { env: { PORT } });
  expect(await byEnvironment.ended()).toBe(ExitCode.cannotListen);
  expect(byEnvironment.stderr.join()).toContain(`port ${PORT} of 127.0.0.1 is taken`);
  const byOption = Program.serve("till:app", [], { env: { PORT } }); // has --port 0
  expect(new URL(await byOption.url()).port).not.toBe(PORT);
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

it.skipIf(!hasIpv6)("listens on --host ::1 and prints it in brackets", async () => {
  const url = await Program.serve("till:app", ["--host", "::1"]).url();
  expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect(await text(`${url}/`)).toBe(`The till is open at ${url}/`);
});

it.each([
  [{ address: "127.0.0.1", family: "IPv4", port: 80 }, "http://127.0.0.1:80"],
  [{ address: "0.0.0.0", family: "IPv4", port: 8000 }, "http://0.0.0.0:8000"],
  [{ address: "::", family: "IPv6", port: 8000 }, "http://[::]:8000"],
])("urlOf(%j) is %s", (address, url) => {
  expect(urlOf(address)).toBe(url);
});

it("prints the application's output on the same stream, and tracebacks on stderr only", async () => {
  const program = Program.serve("till:app");
  const url = await program.url();
  await text(`${url}/say`);
  await program.said(/^said on stderr$/);
  const failed = await fetch(`${url}/fail`);
  expect(failed.status).toBe(500);
  expect(await failed.text()).not.toContain("nothing in the till");
  await program.said(/^LookupError: nothing in the till$/);
  expect(program.stdout).toContain("said on stdout");
  expect(program.stdout.join("\n")).not.toMatch(/stderr|LookupError/);
});

it("keeps serving when its stdout is closed", async () => {
  const program = Program.serve("till:app", ["--access-log"]);
  const url = await program.url();
  program.closeStdout();
  for (let i = 0; i < 3; i += 1) expect(await text(`${url}/say`)).toBe("said");
});

it("writes nothing for a request without --access-log", async () => {
  const program = Program.serve("till:app");
  const { port } = new URL(await program.url());
  expect((await rawGet(Number(port), "/")).head).toMatch(/^HTTP\/1\.1 200 OK/);
  program.signal("SIGTERM");
  await program.ended();
  expect(program.stdout).toEqual([expect.stringMatching(/^Serving /), expect.stringMatching(/^Stopping /)]);
});
