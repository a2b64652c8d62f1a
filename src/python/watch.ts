/** Tells when the Python files of a folder have changed. Knows files; knows no process. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";

/** Editors and `git checkout` write many files in a row: they are one change. */
const SETTLED_MS = 100;
/** Folders whose files are nobody's application: caches, repositories, packages. */
const FOREIGN: ReadonlySet<string> = new Set(["__pycache__", "node_modules", "site-packages"]);

/** Calls back after each change of a Python file below the folder. @returns what ends it */
export async function watchPython(directory: string, changed: () => void): Promise<() => Promise<void>> {
  // Only here, since only development needs it.
  const { watch } = await import("chokidar");
  let settling: NodeJS.Timeout | undefined;
  const watcher = watch(directory, {
    ignoreInitial: true,
    ignored: (path, stats) => (stats?.isFile() ? !path.endsWith(".py") : path !== directory && isForeign(path)),
  });
  watcher.on("all", () => {
    clearTimeout(settling);
    settling = setTimeout(changed, SETTLED_MS);
  });
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return () => {
    clearTimeout(settling);
    return watcher.close();
  };
}

function isForeign(path: string): boolean {
  const name = basename(path);
  return name.startsWith(".") || FOREIGN.has(name) || existsSync(join(path, "pyvenv.cfg"));
}
