/** Finds virtual environments. Looks at files; runs nothing, and never throws an error of the file system. */
import { existsSync, lstatSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** What a path names: the folder of a virtual environment, or nothing that can be used. */
export type Found =
  | { readonly folder: string; readonly fault?: undefined }
  | { readonly folder?: undefined; readonly fault: string };

/** The usual names of a virtual environment inside the application's directory, the most likely name first. */
export const USUAL_NAMES = [".venv", "venv", "env"] as const;
/** A project's root has one of these. Environments above it belong to other projects. */
const ROOT_MARKERS = [".git", "package.json"] as const;
/** A longer file is not one that names an environment. */
const MAX_FILE = 4096;

/** Looks at a path. It may also be a file that contains the path of the environment, as pipenv writes it. */
export function lookAt(path: string): Found {
  const folder = namedBy(path);
  const python = join(folder, "bin", "python");
  const code = missing(python);
  if (code === undefined) return { folder };
  if (existsSync(join(folder, "Scripts", "python.exe"))) {
    return { fault: `${folder} is a virtual environment of Windows; create one on this system` };
  }
  if (code === "ENOENT" || code === "ENOTDIR") return { fault: `${python} does not exist` };
  return { fault: `${python} cannot be read (${code})` };
}

/** True if there is something at the path, which may not be an environment. */
export function isTaken(path: string): boolean {
  const code = missing(path);
  return code !== "ENOENT" && code !== "ENOTDIR";
}

/**
 * Returns the folders above `directory`, the nearest first, up to the project's root: the first folder with `.git` or
 * `package.json`. Returns none if `directory` is the root itself or if there is no root.
 */
export function foldersAbove(directory: string): readonly string[] {
  const above: string[] = [];
  let folder = directory;
  while (!ROOT_MARKERS.some((name) => existsSync(join(folder, name)))) {
    const parent = dirname(folder);
    if (parent === folder) return [];
    above.push(parent);
    folder = parent;
  }
  return above;
}

/** Returns the folder that a file names, relative to the file's own folder; for anything but such a file, the path itself. */
function namedBy(path: string): string {
  try {
    const stats = statSync(path);
    const text = stats.isFile() && stats.size <= MAX_FILE ? readFileSync(path, "utf8").trim() : "";
    return text === "" || text.includes("\0") ? path : resolve(dirname(path), text);
  } catch {
    return path; // missing, not readable, or a circle of links: said of bin/python
  }
}

/**
 * Returns the system's code if there is nothing at the path. A dangling symbolic link is something: the environment exists but
 * is broken, and skipping it would hide that.
 */
function missing(path: string): string | undefined {
  try {
    lstatSync(path);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
