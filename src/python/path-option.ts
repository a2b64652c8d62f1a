/** Reads the options that are paths: strings and `file:` URLs. Every fault is an OptionError, never an error of the system. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { OptionError } from "../errors.ts";

/**
 * Returns the path that an option names.
 *
 *     pathOption("directory", "./legacy")                          → "./legacy"
 *     pathOption("directory", new URL("file:///srv/shop/legacy"))  → "/srv/shop/legacy"
 *
 * @throws OptionError for other URLs and other types
 */
export function pathOption(option: string, value: string | URL): string {
  if (typeof value === "string" && !value.includes("\0")) return value;
  try {
    if (typeof value === "object") return fileURLToPath(value);
  } catch {} // another protocol, a host, an encoded slash, or no URL
  throw new OptionError(`${option} must be a path or a file: URL, got ${shown(value)}`);
}

/** Returns the absolute path that an option names, relative to the current directory. @throws OptionError */
export function absolutePath(option: string, value: string | URL): string {
  const path = pathOption(option, value);
  try {
    return resolve(path);
  } catch {
    throw new OptionError(`${option} must be an absolute path, because Node's current directory no longer exists`);
  }
}

/** Returns the absolute path of the option `directory`. @throws OptionError if it is not an existing folder */
export function directoryOption(value: string | URL): string {
  const path = absolutePath("directory", value);
  try {
    if (statSync(path).isDirectory()) return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") {
      throw new OptionError(`directory must be an existing folder, got ${path}, which cannot be read (${code})`);
    }
  }
  throw new OptionError(`directory must be an existing folder, got ${path}`);
}

function shown(value: unknown): string {
  if (value instanceof URL) return value.href;
  return typeof value === "string" ? JSON.stringify(value) : typeof value;
}
