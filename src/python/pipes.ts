/** Opens the pipes that a worker process has made. Knows Linux's /proc; knows no process and no log. */
import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from "node:fs";
import { Socket } from "node:net";

/**
 * Opens the read ends of a process's pipes. Node's own stdio "pipes" are socket pairs, and Linux cannot open a socket by a
 * name such as /dev/stdout.
 *
 * @param offer the process id as "pid", and for each stream, by its name, "descriptor inode"
 * @returns undefined if a pipe cannot be opened, for example because /proc shows no other processes
 */
export function openPipes(offer: ReadonlyMap<string, string>): ReadonlyMap<string, Socket> | undefined {
  const descriptors = new Map<string, number>();
  try {
    for (const name of ["stdout", "stderr"]) {
      const [descriptor, inode] = (offer.get(name) ?? "").split(" ");
      if (inode !== undefined) {
        descriptors.set(name, openPipe(`/proc/${Number(offer.get("pid"))}/fd/${Number(descriptor)}`, Number(inode)));
      }
    }
  } catch {
    for (const descriptor of descriptors.values()) closeSync(descriptor);
    return undefined;
  }
  return new Map([...descriptors].map(([name, fd]) => [name, new Socket({ fd, readable: true, writable: false })]));
}

/**
 * Checks the inode before and after: in another PID namespace, the id is that of another process, and opening a file of that
 * process could have effects.
 */
function openPipe(path: string, inode: number): number {
  requirePipe(statSync(path), inode);
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    requirePipe(fstatSync(descriptor), inode);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

/** @throws RangeError */
function requirePipe(stats: Stats, inode: number): void {
  if (!stats.isFIFO() || stats.ino !== inode) throw new RangeError("this is not the pipe");
}
