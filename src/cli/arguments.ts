/** The command line: its options, their defaults and their help. Knows no server. */
import { Command, InvalidArgumentError, Option } from "commander";
import { parseRootPath } from "./behind-proxy.ts";
import { EXIT_CODE_MEANINGS } from "./exit-codes.ts";
import { trustedAddresses } from "./trusted-addresses.ts";

/** The arguments of `wsgi-bridge serve`, with defaults applied. */
export interface ServeArguments {
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly directory: string;
  readonly python: string | undefined;
  readonly virtualenv: string | undefined;
  readonly processes: number;
  /** False if the number of processes is the default. */
  readonly processesGiven: boolean;
  readonly threads: number;
  /** A list of `trustedAddresses()`. */
  readonly forwardedAllowIps: string;
  /** A value of `parseRootPath()`. */
  readonly rootPath: string;
  readonly preload: boolean;
  readonly reload: boolean;
  readonly accessLog: boolean;
}

const MAX_PORT = 65_535;

/**
 * Returns the command-line parser. Its `parseAsync()` calls `serve`. If it prints the help or the version to stdout instead, it
 * throws a `CommanderError` with `exitCode` 0. If the arguments are wrong, it says so on stderr, and `exitCode` is not 0.
 */
export function createProgram(version: string, serve: (args: ServeArguments) => Promise<void>): Command {
  const program = new Command("wsgi-bridge")
    .description("Python WSGI applications on Node's HTTP server")
    .version(version, "-V, --version", "print the version and exit")
    .helpOption("-h, --help", "print this help and exit")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) });
  program
    .command("serve")
    .summary("serve a Python WSGI application over HTTP")
    .description(
      "Serves a Python WSGI application over HTTP. Runs it on CPython processes and replaces those that end.",
    )
    .argument(
      "<target>",
      'the application: "module:attribute", "module:factory()" or "module"; a path such as "site/app.wsgi" may replace the module; or "production.ini" of PasteDeploy',
    )
    .addOption(
      new Option("--host <address>", "the address to listen on; 0.0.0.0 or :: for all")
        .default("127.0.0.1")
        .argParser(nonEmpty),
    )
    .addOption(
      new Option("--port <number>", "the port; 0 lets the system choose").default(8000).env("PORT").argParser(port),
    )
    .addOption(new Option("--directory <folder>", "the application's folder").default(".", "the current one"))
    .option("--virtualenv <folder>", "the virtual environment to use, relative to --directory")
    .option("--python <interpreter>", "the interpreter to use; not together with --virtualenv")
    .addOption(new Option("--processes <number>", "CPython processes to keep alive").default(1).argParser(wholeNumber))
    .addOption(
      new Option("--threads <number>", "requests that a process serves at the same time")
        .default(4)
        .argParser(wholeNumber),
    )
    .addOption(
      new Option(
        "--forwarded-allow-ips <list>",
        "addresses and networks of proxies whose X-Forwarded-Proto is believed; * for all",
      )
        .default("127.0.0.1,::1")
        .env("FORWARDED_ALLOW_IPS")
        .argParser(addressList),
    )
    .addOption(
      new Option("--root-path <path>", "the path below which the application is mounted, its SCRIPT_NAME")
        .default("", "none")
        .env("SCRIPT_NAME")
        .argParser(parseRootPath),
    )
    .option("--preload", "import the application once and fork the processes from there; they share memory", false)
    .option("--reload", "for development: start new processes when a Python file has changed", false)
    .option("--access-log", "write a line per request to stdout, in the combined log format", false)
    .addHelpText("after", epilogue())
    .action((target: string, options: Omit<ServeArguments, "target" | "processesGiven">, command: Command) => {
      return serve({ ...options, target, processesGiven: command.getOptionValueSource("processes") === "cli" });
    });
  return program;
}

/** Joins the lines of a message: Commander puts its suggestions on a second one. */
function oneLine(text: string): string {
  const words = text
    .replace(/^error: /, "")
    .trim()
    .replaceAll("\n", " ");
  return `wsgi-bridge: ${words.replace(/\.$/, "")}; see wsgi-bridge serve --help\n`;
}

/** @throws InvalidArgumentError */
function nonEmpty(value: string): string {
  if (value === "") throw new InvalidArgumentError("It must not be empty.");
  return value;
}

/** @throws InvalidArgumentError */
function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(value);
}

/** @throws InvalidArgumentError */
function port(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > MAX_PORT) {
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${MAX_PORT}.`);
  }
  return Number(value);
}

/** @throws InvalidArgumentError */
function addressList(value: string): string {
  trustedAddresses(value);
  return value;
}

function epilogue(): string {
  const codes = EXIT_CODE_MEANINGS.map(([code, meaning]) => `  ${code.padEnd(6)} ${meaning}`).join("\n");
  return `
The application gets all environment variables of this program, and its output is written here, line by line.

After SIGINT (Ctrl-C) or SIGTERM the server accepts no new connections, gives running requests 10 seconds to finish, and
then ends the Python processes. A second signal ends everything at once.

Exit codes:
${codes}

Example:
  wsgi-bridge serve shop:app --directory ./legacy --port 8080 --access-log`;
}
