/** Watches the Python files of a folder. Knows files; knows no process. */
import { existsSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import type { FSWatcher } from "chokidar";

export interface WatchEvents {
  /** A Python file below the folder has changed. */
  changed(): void;
  /** Something cannot be watched. `what` says what and why. Everything else is still watched. */
  unwatched(what: string): void;
}

/** Editors and `git checkout` write many files at once. Changes that follow each other this closely count as one. */
const DEBOUNCE_MS = 100;
/** How often the watch checks whether the folder was replaced by another one. */
const CHECK_INTERVAL_MS = 500;
/** Folders without application code: caches and installed packages. */
const IGNORED_FOLDERS: ReadonlySet<string> = new Set(["__pycache__", "node_modules", "site-packages"]);
/** A folder with one of these entries is a virtual environment: of venv or virtualenv, of conda. */
const VIRTUALENV_MARKERS = ["pyvenv.cfg", "conda-meta"] as const;

/**
 * Calls `events.changed()` after each change of a Python file below the folder.
 *
 * @param file another file that is watched if it is below the folder, whatever its extension; relative to the folder, or absolute
 * @returns a function that stops watching
 */
export function watchPython(directory: string, events: WatchEvents, file = ""): () => Promise<void> {
  const watch = new PythonWatch(directory, events, relative(directory, resolve(directory, file)));
  const started = watch.start();
  return async () => {
    await started;
    await watch.stop();
  };
}

class PythonWatch {
  readonly #directory: string;
  /** The folder's path with symbolic links resolved. */
  #root: string;
  /** The inode of the watched folder; undefined if the folder no longer exists. */
  #inode: number | undefined;
  /** A file without the extension `.py` that is watched, relative to the folder. */
  readonly #file: string;
  readonly #events: WatchEvents;
  /** The paths that cannot be watched, by the system's error code. */
  readonly #failed: Map<string, Set<string>> = new Map();
  #watcher: FSWatcher | undefined;
  #ready = false;
  #isStopped = false;
  #changeTimer: NodeJS.Timeout | undefined;
  #checkTimer: NodeJS.Timeout | undefined;
  #reportTimer: NodeJS.Timeout | undefined;

  constructor(directory: string, events: WatchEvents, file: string) {
    this.#directory = directory;
    this.#file = file;
    this.#root = realPath(directory);
    this.#events = events;
  }

  /** Starts to watch. Never rejects: errors go to `unwatched()`. */
  start(): Promise<void> {
    return this.#watch().catch((error: Error) => {
      this.#events.unwatched(`${this.#directory} is not watched: ${error.message}`);
    });
  }

  async #watch(): Promise<void> {
    const { watch } = await import("chokidar"); // loaded here, because only development needs it
    if (this.#isStopped) return;
    this.#root = realPath(this.#directory);
    this.#inode = inodeOf(this.#directory);
    this.#checkTimer ??= setInterval(() => this.#checkReplaced(), CHECK_INTERVAL_MS).unref();
    this.#watcher = watch(this.#root, {
      ignoreInitial: true,
      // A link may lead out of the folder, or in a circle. If its target is inside the folder, it is watched there.
      followSymlinks: false,
      ignored: (path, stats) => path !== this.#root && !this.#isNamed(path, stats) && isIgnored(path, stats),
    });
    this.#watcher
      .on("error", (error) => this.#recordError(error as NodeJS.ErrnoException))
      .on("ready", () => {
        this.#ready = true;
      })
      .on("all", (event, path, stats) => {
        if (event === "unlinkDir" && path === this.#root) this.#inode = undefined;
        // Events of folders are ignored: apps create and delete folders for their data. Until chokidar is ready, it also
        // reports symbolic links that already existed.
        if (!event.endsWith("Dir") && (this.#ready || !stats?.isSymbolicLink())) this.#scheduleChange();
      });
  }

  #isNamed(path: string, stats: Stats | undefined): boolean {
    return stats?.isFile() === true && path === join(this.#root, this.#file);
  }

  /** Does not wait for the watcher to be ready: after some errors it never is. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#changeTimer);
    clearInterval(this.#checkTimer);
    this.#reportErrors();
    await close(this.#watcher);
  }

  /** A deployment may replace the folder, or point a link to another folder. The old watcher would not notice. */
  #checkReplaced(): void {
    const inode = inodeOf(this.#directory);
    if (inode === undefined || inode === this.#inode) return;
    const previous = this.#watcher;
    this.#ready = false;
    void this.start().then(() => this.#scheduleChange());
    void close(previous);
  }

  #scheduleChange(): void {
    clearTimeout(this.#changeTimer);
    this.#changeTimer = setTimeout(() => this.#events.changed(), DEBOUNCE_MS);
  }

  /** Collects errors: when a limit of the system is reached, a thousand errors may come at once. They become one line. */
  #recordError({ code, message, path }: NodeJS.ErrnoException): void {
    const reason = code ?? message;
    const paths = this.#failed.get(reason) ?? new Set();
    this.#failed.set(reason, paths.add(path ?? this.#root));
    this.#reportTimer ??= setTimeout(() => this.#reportErrors(), DEBOUNCE_MS);
  }

  #reportErrors(): void {
    clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
    for (const [code, [first, ...more]] of this.#failed) {
      const what = more.length === 0 ? `${first} is` : `${first} and ${more.length} more are`;
      this.#events.unwatched(`${what} not watched: ${REASONS[code] ?? code}`);
    }
    this.#failed.clear();
  }
}

async function close(watcher: FSWatcher | undefined): Promise<void> {
  if (watcher === undefined) return;
  const closed = watcher.close();
  watcher.on("error", () => undefined); // close() removed our listener, but pending operations may still fail
  await closed.catch(() => undefined);
}

/** Explains an error code and says what to do. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "Node may not read it (EACCES)",
  EPERM: "Node may not read it (EPERM)",
  ENOSPC: "this user's limit of watched files is reached (ENOSPC); raise fs.inotify.max_user_watches",
  EMFILE: "too many files or watchers are open (EMFILE); raise ulimit -n or fs.inotify.max_user_instances",
};

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined; // missing, not readable, or a dangling link
  }
}

/** Resolves links: with `followSymlinks: false`, chokidar would treat a link to the folder as a link, not as a folder. */
function realPath(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}

/** Returns true for paths that are not watched: files other than `.py`, and folders without application code. */
function isIgnored(path: string, stats: Stats | undefined): boolean {
  if (stats?.isFile()) return !path.endsWith(".py");
  if (stats !== undefined && !stats.isDirectory() && !stats.isSymbolicLink()) return true; // sockets, pipes, devices
  const name = basename(path);
  return (
    name.startsWith(".") || IGNORED_FOLDERS.has(name) || VIRTUALENV_MARKERS.some((file) => existsSync(join(path, file)))
  );
}
