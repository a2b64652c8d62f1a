/** Listens on an address that only the web server should reach. Knows addresses and socket files; knows no protocol. */
import { once } from "node:events";
import { chmod, lstat, stat, unlink } from "node:fs/promises";
import { connect, isIPv4, type Server } from "node:net";
import { dirname } from "node:path";
import { isMainThread } from "node:worker_threads";
import { OptionError } from "../errors.ts";
import { count } from "../node/option-values.ts";
import { parseAddress, type Target } from "../remote/address.ts";
import type { Logger } from "../wsgi/log.ts";

/** The same type as `ListenAddress` in serve-fastcgi.ts, which imports this file. */
type ListenAddress = string | { readonly port: number; readonly host?: string } | { readonly path: string };

interface Access {
  /** The mode of a unix socket. */
  readonly mode: number;
  /** True to allow TCP addresses other than loopback. */
  readonly allowRemote: boolean;
}

/** Logs the errors of a listening server, such as ENFILE. Such an error costs one connection, and must not end the process. */
export function surviveAccept(server: Server, logger: Pick<Logger, "warn">): void {
  server.on("error", ({ message }) => logger.warn(`a connection could not be accepted: ${message}`));
}

/** @throws OptionError, or the system's error if it does not let the server listen there */
export async function listenAt(server: Server, place: ListenAddress, { mode, allowRemote }: Access): Promise<void> {
  count("mode", mode, 0o777, 0);
  const target = targetOf(place);
  if ("path" in target) {
    await removeStaleSocket(target.path);
    await startListening(server, () => listenWithMask(mode, () => server.listen(target.path)));
    await chmod(target.path, mode);
    return;
  }
  if (!allowRemote && !isLoopback(target.host)) {
    throw new OptionError(
      `${target.host} can be reached by other machines, and anyone who can connect can pose as any client; listen on 127.0.0.1 or on a unix socket, or set allowRemote if only the web server can reach the port`,
    );
  }
  await startListening(server, () => server.listen(target));
}

function targetOf(place: ListenAddress): Target {
  const isPort = typeof place === "object" && place !== null && "port" in place;
  return parseAddress(isPort ? { host: place.host ?? "127.0.0.1", port: place.port } : place, 0).target;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

async function startListening(server: Server, listen: () => void): Promise<void> {
  const listening = once(server, "listening");
  listen();
  await listening;
}

/** Creates the socket file with its final mode. Otherwise others could connect before a later chmod. */
function listenWithMask(mode: number, listen: () => void): void {
  if (!isMainThread) {
    listen(); // a worker thread cannot set the mask, which belongs to the process
    return;
  }
  const before = process.umask(0o777 & ~mode);
  try {
    listen();
  } finally {
    process.umask(before);
  }
}

const WRITABLE_BY_OTHERS = 0o002;

/** Removes the socket file of a server that has died, and nothing else. */
async function removeStaleSocket(path: string): Promise<void> {
  const folder = await stat(dirname(path)).catch((error: Error) => {
    throw new OptionError(`the folder of ${path} cannot be used; create it with mode 0700`, { cause: error });
  });
  if ((folder.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw new OptionError(
      `the folder of ${path} is writable by all users, who could put another socket there; use a folder with mode 0700`,
    );
  }
  const file = await lstat(path).catch(() => undefined);
  if (file === undefined) return;
  if (!file.isSocket()) throw new OptionError(`${path} exists and is not a socket; use another path`);
  if (await isAlive(path)) throw new OptionError(`another server listens on ${path}; stop it, or use another path`);
  await unlink(path);
}

/** Only a refused connection shows that the server is dead. Other errors can mean a full server or missing rights. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => resolve(true)).on("error", (error) => resolve(!isRefusal(error)));
    socket.on("connect", () => socket.destroy());
  });
}

function isRefusal(error: NodeJS.ErrnoException): boolean {
  return error.code === "ECONNREFUSED" || error.code === "ENOENT";
}
