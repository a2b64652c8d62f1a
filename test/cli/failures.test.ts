/** Failures of `wsgi-bridge serve`: each has its own exit code and is printed once. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { ExitCode } from "../../src/cli/exit-codes.ts";
import { listenFault } from "../../src/cli/listen.ts";
import { isAlive } from "../support/processes.ts";
import { Program } from "./program.ts";

/** Options for the folder with apps that do not start. */
const BROKEN = ["--directory", fileURLToPath(new URL("../apps", import.meta.url))];

it("prints the traceback of an application that cannot be imported once for all processes; exit code 3", async () => {
  const program = Program.serve("broken:app", [...BROKEN, "--processes", "3"]);
  expect(await program.ended()).toBe(ExitCode.appFailed);
  const printed = program.stderr.join("\n");
  expect(printed).toMatch(/^wsgi-bridge: the module "broken" cannot be imported from \S+test\/apps; /);
  expect(printed.match(/^Traceback \(most recent call last\):$/gm)).toHaveLength(1);
  expect(printed.match(/^ModuleNotFoundError: No module named 'a_module_that_nobody_has'$/gm)).toHaveLength(1);
  expect(printed).not.toContain("a new process starts");
  expect(program.stdout).toEqual([]);
});

const FAILED_STARTS: [why: string, target: string, args: string[], code: ExitCode, says: RegExp][] = [
  ["a missing module", "nothing:app", BROKEN, ExitCode.appFailed, /No module named 'nothing'/],
  ["a missing attribute", "probe:nothing", BROKEN, ExitCode.appFailed, /has no attribute "nothing"/],
  ["a value that cannot be called", "probe:number", BROKEN, ExitCode.appFailed, /of type int and cannot be called/],
  ["an ASGI app", "not_wsgi:asgi", BROKEN, ExitCode.appFailed, /"not_wsgi:asgi" is an ASGI app \(function\)/],
  ["a factory", "not_wsgi:create_app", BROKEN, ExitCode.appFailed, /add parentheses: "not_wsgi:create_app\(\)"$/],
  [
    "an app that runs its own server",
    "serves_itself:app",
    BROKEN,
    ExitCode.appFailed,
    /serve_forever\(\)" \(\S+\/serves_itself\.py, line 6\); put this line under 'if __name__ == "__main__":'/,
  ],
  [
    "no interpreter",
    "till:app",
    ["--python", "/no/python"],
    ExitCode.noInterpreter,
    /"\/no\/python" \(from the option python\) cannot be run/,
  ],
  [
    "a program that is not an interpreter",
    "till:app",
    ["--python", "/bin/false"],
    ExitCode.noInterpreter,
    /ended with code 1/,
  ],
  ["a module that ends its process", "quits:app", BROKEN, ExitCode.noInterpreter, /ended with code 9/],
];

it.each(FAILED_STARTS)(
  "prints one line for %s, and has an exit code for it",
  async (_why, target, args, code, says) => {
    const program = Program.serve(target, args);
    expect(await program.ended()).toBe(code);
    expect(program.stderr.filter((line) => line.startsWith("wsgi-bridge: "))).toHaveLength(1);
    expect(program.stderr.filter((line) => says.test(line))).toHaveLength(1);
    expect(program.stdout).toEqual([]);
  },
);

it("prints one line if the port is taken, and starts no Python; exit code 4", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const program = Program.serve("broken:app", [...BROKEN, "--port", String(port)]); // would print a traceback
  expect(await program.ended()).toBe(ExitCode.cannotListen);
  expect(program.stderr).toEqual([
    `wsgi-bridge: port ${port} of 127.0.0.1 is taken; stop the program that uses it, or choose another port with --port`,
  ]);
});

it("prints one line if this machine does not have the address (TEST-NET-1); exit code 4", async () => {
  const program = Program.serve("till:app", ["--host", "192.0.2.1"]);
  expect(await program.ended()).toBe(ExitCode.cannotListen);
  expect(program.stderr).toEqual([expect.stringContaining("this machine has no address 192.0.2.1")]);
});

it.each([
  ["EADDRINUSE", "port 80 of localhost is taken"],
  ["EACCES", "this user may not listen on port 80; choose one above 1023"],
  ["EADDRNOTAVAIL", "this machine has no address localhost"],
  ["ENOTFOUND", "the name localhost has no address"],
  ["EAI_AGAIN", "the name localhost has no address"],
  ["EMFILE", "cannot listen on port 80 of localhost: the system's words"],
])("listenFault for %s says %s", (code, says) => {
  const error = Object.assign(new Error("the system's words"), { code });
  expect(listenFault(error, { host: "localhost", port: 80 })).toContain(says);
});

it("prints the stack if the program itself crashes, and ends the Python processes; exit code 1", async () => {
  const crash = 'process.on("SIGUSR2", () => { throw new Error("a fault of its own"); });';
  const program = Program.serve("till:app", [], { nodeOptions: ["--import", `data:text/javascript,${crash}`] });
  await program.url();
  const children = program.children();
  expect(children).toHaveLength(1);
  program.signal("SIGUSR2");
  expect(await program.ended()).toBe(ExitCode.crashed);
  expect(program.stderr.join("\n")).toMatch(/^Error: a fault of its own\n {4}at /m);
  await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([]);
});

it("replaces a Python process that dies", async () => {
  const program = Program.serve("till:app");
  const url = await program.url();
  process.kill(program.children()[0] as number, "SIGKILL");
  await program.said(/by SIGKILL/);
  expect((await fetch(url)).status).toBe(200);
});
