/** The command `wsgi-bridge serve`: its steps in order, from the arguments to the exit. */
import { createServer, type RequestListener } from "node:http";
import { fromWsgi } from "../from-wsgi/express.ts";
import { environmentLine } from "../python/announce.ts";
import { type PythonApp, pythonApp } from "../python/app.ts";
import { capacity } from "../python/capacity.ts";
import { Drain } from "../servers/drain.ts";
import { surviveAccept } from "../servers/listen-at.ts";
import { stopSignal } from "../servers/signals.ts";
import { withAccessLog } from "./access-log.ts";
import type { ServeArguments } from "./arguments.ts";
import { forwardedScheme, mountedAt } from "./behind-proxy.ts";
import { listen } from "./listen.ts";
import { StartLog } from "./start-log.ts";
import { trustedAddresses } from "./trusted-addresses.ts";

/** How long running requests may take to finish, in milliseconds. */
const GRACE_MS = 10_000;

/**
 * Serves until a signal arrives, and resolves when everything has ended.
 *
 * @throws ListenError before any Python process is started
 * @throws OptionError for wrong arguments
 * @throws StartError when the application does not start
 */
export async function serve(args: ServeArguments, version: string): Promise<void> {
  const signal = stopSignal();
  // A program that reads the log through a pipe may end before this one. Writing then fails.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const server = createServer();
  const drain = new Drain(server);
  const log = new StartLog(environmentLine(args.target, true)); // startApp() passes on all variables; so says --help
  const url = await listen(server, args);
  surviveAccept(server, log);
  let app: PythonApp | undefined;
  try {
    app = startApp(args, log);
    server.on("request", listener(app, args, log));
    const started = await Promise.race([app.ready().then(() => true), signal.then(() => false)]);
    log.over();
    if (started) log.info(`Serving ${args.target} at ${url} (wsgi-bridge ${version}, ${capacity(args)})`);
    log.info(`Stopping after ${await signal}: running requests may finish; send the signal again to stop at once`);
  } catch (failure) {
    log.over(failure as Error);
    throw failure;
  } finally {
    await drain.stop(GRACE_MS);
    await app?.close();
  }
}

function startApp(args: ServeArguments, logger: StartLog): PythonApp {
  const { target, directory, python, virtualenv, threads, preload, reload } = args;
  const processes = args.processesGiven ? args.processes : undefined; // then the app says in the log what to raise and when
  // The whole environment, as under gunicorn: this program has no secrets of its own.
  const options = { directory, python, virtualenv, processes, threads, preload, reload };
  return pythonApp(target, { ...options, env: "inherit", logger });
}

function listener(app: PythonApp, args: ServeArguments, logger: StartLog): RequestListener {
  const { accessLog, forwardedAllowIps, rootPath } = args;
  const environ = forwardedScheme(trustedAddresses(forwardedAllowIps));
  const answer: RequestListener = fromWsgi(mountedAt(rootPath, app), { logger, environ });
  return accessLog ? withAccessLog(answer, logger.info) : answer;
}
