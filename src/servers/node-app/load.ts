/** Loads a WSGI app from a target such as "server.mjs:app". Knows modules and how to recognise frameworks; knows no lane. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { OptionError } from "../../errors.ts";
import { type NodeHandler, toWsgi } from "../../to-wsgi/express.ts";
import type { KoaApp } from "../../to-wsgi/koa.ts";
import { toWsgi as koaToWsgi } from "../../to-wsgi/koa.ts";
import type { WsgiApp } from "../../wsgi/types.ts";

/**
 * Imports the file, an ES module or CommonJS, and makes a WSGI app of its export: an Express app, a Koa app or a `(req, res)`
 * function. Without a name, the export is the default export.
 *
 * @throws OptionError if there is no such export, or if it is not an app. Errors of the import are passed on
 */
export async function load(target: string, directory: string): Promise<WsgiApp> {
  const { file, name } = splitTarget(target);
  const module = (await import(pathToFileURL(resolve(directory, file)).href)) as Readonly<Record<string, unknown>>;
  const found = exported(module, name);
  if (isKoa(found)) return koaToWsgi(found);
  if (typeof found === "function") return toWsgi(found as NodeHandler);
  const names = Object.keys(module).join(", ") || "nothing";
  throw new OptionError(
    `${target} must be an Express app, a Koa app or a (req, res) function, got ${found === null ? "null" : typeof found}; ${file} exports ${names}`,
  );
}

/**
 *     splitTarget("server.mjs:app")  → { file: "server.mjs", name: "app" }
 *     splitTarget("server.mjs")      → { file: "server.mjs", name: "default" }
 */
export function splitTarget(target: string): { file: string; name: string } {
  const colon = target.lastIndexOf(":");
  if (colon < 1) return { file: target, name: "default" };
  return { file: target.slice(0, colon), name: target.slice(colon + 1) };
}

/** Looks in the default export, too: Node does not detect every export of a CommonJS module. */
function exported(module: Readonly<Record<string, unknown>>, name: string): unknown {
  return module[name] ?? (module.default as Readonly<Record<string, unknown>> | undefined)?.[name];
}

function isKoa(found: unknown): found is KoaApp {
  const app = found as Partial<KoaApp> | null | undefined;
  return typeof app?.callback === "function" && typeof app.createContext === "function";
}
