/** Tells when the Python files of a folder have changed. Knows files; knows no process. */
import { existsSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { FSWatcher } from "chokidar";

export interface WatchEvents {
  /** A Python file below the folder has changed. */
  changed(): void;
  /** What is not watched, and why, in words. Watching goes on elsewhere. */
  unwatched(what: string): void;
}

/** Editors and `git checkout` write many files in a row: they are one change. The same of errors. */
const SETTLED_MS = 100;
/** How often the watch checks whether another folder has taken the place of the one that it watches. */
const LOOK_MS = 500;
/** Folders whose files are nobody's application: caches, repositories, packages. */
const FOREIGN: ReadonlySet<string> = new Set(["__pycache__", "node_modules", "site-packages"]);
/** Files that virtual environments have: venv's and virtualenv's, conda's. */
const ENVIRONMENT = ["pyvenv.cfg", "conda-meta"] as const;

/** Calls back after each change of a Python file below the folder. @returns what ends it */
export function watchPython(directory: string, events: WatchEvents): () => Promise<void> {
  const watch = new PythonWatch(directory, events);
  const begun = watch.begin();
  return async () => {
    await begun;
    await watch.end();
  };
}

class PythonWatch {
  readonly #directory: string;
  #root: string;
  /** The inode of the folder that is watched; undefined if the folder is gone. */
  #inode: number | undefined;
  readonly #events: WatchEvents;
  /** By the system's error code. */
  readonly #failed: Map<string, Set<string>> = new Map();
  #watcher: FSWatcher | undefined;
  #ready = false;
  #isEnded = false;
  #settling: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;

  constructor(directory: string, events: WatchEvents) {
    this.#directory = directory;
    this.#root = realPath(directory);
    this.#events = events;
  }

  /** Never rejects. */
  begin(): Promise<void> {
    return this.#watch().catch((error: Error) => {
      this.#events.unwatched(`${this.#directory} is not watched: ${error.message}`);
    });
  }

  async #watch(): Promise<void> {
    // Only here, since only development needs it.
    const { watch } = await import("chokidar");
    if (this.#isEnded) return;
    this.#root = realPath(this.#directory);
    this.#inode = inodeOf(this.#directory);
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS).unref();
    this.#watcher = watch(this.#root, {
      ignoreInitial: true,
      // A link may lead out of the folder, or in a circle. What it leads to within the folder is watched at its own place.
      followSymlinks: false,
      ignored: (path, stats) => path !== this.#root && isForeign(path, stats),
    });
    this.#watcher
      .on("error", (error) => this.#fail(error as NodeJS.ErrnoException))
      .on("ready", () => {
        this.#ready = true;
      })
      .on("all", (event, path, stats) => {
        if (event === "unlinkDir" && path === this.#root) this.#inode = undefined;
        // Folders come and go where an app keeps its data. And chokidar tells of links that were there before, too.
        if (!event.endsWith("Dir") && (this.#ready || !stats?.isSymbolicLink())) this.#change();
      });
  }

  /** Does not wait until the watcher is ready: after some errors it never is. */
  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#settling);
    clearInterval(this.#looking);
    this.#tell();
    await close(this.#watcher);
  }

  /** A deployment may replace the folder, or point a link to another one. The watcher would stay with the old folder. */
  #look(): void {
    const inode = inodeOf(this.#directory);
    if (inode === undefined || inode === this.#inode) return;
    const before = this.#watcher;
    this.#ready = false;
    void this.begin().then(() => this.#change());
    void close(before);
  }

  #change(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#events.changed(), SETTLED_MS);
  }

  /** The system's limits fail a thousand times in a row: that is one line. */
  #fail({ code, message, path }: NodeJS.ErrnoException): void {
    const why = code ?? message;
    const paths = this.#failed.get(why) ?? new Set();
    this.#failed.set(why, paths.add(path ?? this.#root));
    this.#telling ??= setTimeout(() => this.#tell(), SETTLED_MS);
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
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
  watcher.on("error", () => undefined); // close() took the listener away, and what is under way may fail still
  await closed.catch(() => undefined);
}

/** What stands behind an error, and what to do. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "Node may not read it (EACCES)",
  EPERM: "Node may not read it (EPERM)",
  ENOSPC: "the system watches no more files for this user (ENOSPC); raise fs.inotify.max_user_watches",
  EMFILE: "too many files or watchers are open (EMFILE); raise ulimit -n or fs.inotify.max_user_instances",
};

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined; // gone, not to be read, or a link that leads nowhere
  }
}

/** The watcher must not take the folder itself for a link. */
function realPath(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory;
  }
}

function isForeign(path: string, stats: Stats | undefined): boolean {
  if (stats?.isFile()) return !path.endsWith(".py");
  if (stats !== undefined && !stats.isDirectory() && !stats.isSymbolicLink()) return true; // sockets, pipes, devices
  const name = basename(path);
  return name.startsWith(".") || FOREIGN.has(name) || ENVIRONMENT.some((file) => existsSync(join(path, file)));
}
