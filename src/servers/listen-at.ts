/** Listening where nobody but the web server comes in. Knows addresses, sockets' files and their modes; knows no protocol. */
import { once } from "node:events";
import { chmod, lstat, stat, unlink } from "node:fs/promises";
import { connect, isIPv4, type Server } from "node:net";
import { dirname } from "node:path";
import { isMainThread } from "node:worker_threads";
import { OptionError } from "../errors.ts";
import { count } from "../node/option-values.ts";
import { parseAddress, type Target } from "../remote/address.ts";
import type { Logger } from "../wsgi/log.ts";

/** As `ListenAddress` of `serveFastcgi`. */
type Place = string | { readonly port: number; readonly host?: string } | { readonly path: string };

interface Access {
  /** Of a unix socket. */
  readonly mode: number;
  /** TCP beyond loopback. */
  readonly allowRemote: boolean;
}

/** An error of a server that listens already, such as ENFILE for a connection: it costs that connection, and not the process. */
export function surviveAccept(server: Server, logger: Pick<Logger, "warn">): void {
  server.on("error", ({ message }) => logger.warn(`a connection could not be accepted: ${message}`));
}

/** @throws OptionError, or what the system says against listening there */
export async function listenAt(server: Server, place: Place, { mode, allowRemote }: Access): Promise<void> {
  count("mode", mode, 0o777, 0);
  const target = targetOf(place);
  if ("path" in target) {
    await makeRoom(target.path);
    await begin(server, () => withMask(mode, () => server.listen(target.path)));
    await chmod(target.path, mode);
    return;
  }
  if (!allowRemote && !isLoopback(target.host)) {
    throw new OptionError(
      `${target.host} can be reached by other machines, and FastCGI believes whoever connects; listen on 127.0.0.1 or on a unix socket, or set allowRemote where nobody but the web server can reach the port`,
    );
  }
  await begin(server, () => server.listen(target));
}

function targetOf(place: Place): Target {
  const isPort = typeof place === "object" && place !== null && "port" in place;
  return parseAddress(isPort ? { host: place.host ?? "127.0.0.1", port: place.port } : place, 0).target;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

async function begin(server: Server, listen: () => void): Promise<void> {
  const listening = once(server, "listening");
  listen();
  await listening;
}

/** The file is made with its mode: between its making and a later chmod, others could come in. */
function withMask(mode: number, listen: () => void): void {
  if (!isMainThread) {
    listen(); // a worker thread may not set the mask, which is the process's
    return;
  }
  const before = process.umask(0o777 & ~mode);
  try {
    listen();
  } finally {
    process.umask(before);
  }
}

const OTHERS_WRITE = 0o002;

/** Takes away the socket of a server that has died, and nothing else. */
async function makeRoom(path: string): Promise<void> {
  const folder = await stat(dirname(path)).catch((error: Error) => {
    throw new OptionError(`the folder of ${path} cannot be used; make it, with mode 0700`, { cause: error });
  });
  if ((folder.mode & OTHERS_WRITE) !== 0) {
    throw new OptionError(
      `everybody can write to the folder of ${path}, and could put another socket there; use a folder with mode 0700`,
    );
  }
  const file = await lstat(path).catch(() => undefined);
  if (file === undefined) return;
  if (!file.isSocket()) throw new OptionError(`${path} exists and is no socket; name another path`);
  if (await answers(path)) throw new OptionError(`another server listens on ${path}; end it, or name another path`);
  await unlink(path);
}

/** Only a refused connection shows that the server is dead: a live one may be full, or not let us in. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => resolve(true)).on("error", (error) => resolve(!isRefusal(error)));
    socket.on("connect", () => socket.destroy());
  });
}

function isRefusal(error: NodeJS.ErrnoException): boolean {
  return error.code === "ECONNREFUSED" || error.code === "ENOENT";
}
