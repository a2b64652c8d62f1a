/** Sets the variables that tell PHP which script to run (RFC 3875 §4.1, and PHP's own). Knows paths as text; opens no file. */
import { BadRequestError, OptionError } from "../errors.ts";
import type { Environ } from "../wsgi/types.ts";

/** The options that tell PHP-FPM which file to run. */
export interface ScriptOptions {
  /**
   * The file that PHP-FPM runs, as a path on its machine: the front controller of a site, or a function that returns the script
   * for a request. Leave it out for servers that run a single application: uWSGI, flup.
   *
   * A function must choose from a fixed set of files. If it builds the path from the request, a client can run any file. PHP
   * with `cgi.fix_pathinfo` even runs `/upload/evil.jpg` for `/upload/evil.jpg/x.php`.
   *
   * @default none
   */
  scriptFilename?: string | ((environ: Environ) => string) | undefined;
  /**
   * The folder of the site's root URL, as a path on PHP-FPM's machine. Required if `scriptFilename` is a function.
   *
   * @default the folder of `scriptFilename`
   */
  documentRoot?: string | undefined;
}

/** Sets the variables in a copy of the environ that belongs to the request. */
export type ScriptSetter = (environ: Environ) => void;

/** @throws OptionError that names the invalid option */
export function scriptSetter({ scriptFilename, documentRoot }: ScriptOptions): ScriptSetter | undefined {
  if (scriptFilename === undefined) {
    if (documentRoot !== undefined) throw new OptionError("documentRoot needs scriptFilename; set both or neither");
    return undefined;
  }
  if (typeof scriptFilename !== "function") {
    checkPath("scriptFilename", scriptFilename);
    const root = rootOf(documentRoot ?? scriptFilename.slice(0, scriptFilename.lastIndexOf("/") + 1));
    if (!scriptFilename.startsWith(`${root}/`)) throw outsideRoot(scriptFilename, root);
    return (environ) => void Object.assign(environ, scriptVariables(environ, scriptFilename, root));
  }
  if (documentRoot === undefined) throw new OptionError("documentRoot is required if scriptFilename is a function");
  const root = rootOf(documentRoot);
  return (environ) => {
    const file = scriptFilename(environ);
    if (typeof file !== "string" || !file.startsWith(`${root}/`)) throw outsideRoot(file, root);
    if (!isPlain(file)) throw new BadRequestError("the request makes scriptFilename() return a path with dot segments");
    Object.assign(environ, scriptVariables(environ, file, root));
  };
}

/**
 * Returns the variables. SCRIPT_NAME is the URL path of the script and PATH_INFO the rest, whether the URL names the script or
 * not. So PHP_SELF, which PHP builds from the two, is a URL of the same page.
 *
 *     scriptVariables({ SCRIPT_NAME: "", PATH_INFO: "/a" }, "/srv/index.php", "/srv")  → { SCRIPT_FILENAME: "/srv/index.php", DOCUMENT_ROOT: "/srv", SCRIPT_NAME: "/index.php", PATH_INFO: "/a", REDIRECT_STATUS: "200" }
 *     scriptVariables({ SCRIPT_NAME: "/m", PATH_INFO: "" }, "/srv/index.php", "/srv")  → { SCRIPT_NAME: "/m/index.php", PATH_INFO: "", … }
 *     scriptVariables({ SCRIPT_NAME: "/m", PATH_INFO: "/b/c.php" }, "/srv/b/c.php", "/srv")  → { SCRIPT_NAME: "/m/b/c.php", PATH_INFO: "", … }
 *     scriptVariables({ SCRIPT_NAME: "/m", PATH_INFO: "/c.php/d" }, "/srv/c.php", "/srv")  → { SCRIPT_NAME: "/m/c.php", PATH_INFO: "/d", … }
 *     scriptVariables({ SCRIPT_NAME: "/m", PATH_INFO: "/c.phpx" }, "/srv/c.php", "/srv")  → { SCRIPT_NAME: "/m/c.php", PATH_INFO: "/c.phpx", … }
 */
export function scriptVariables(
  { SCRIPT_NAME: mount, PATH_INFO: path }: Pick<Environ, "SCRIPT_NAME" | "PATH_INFO">,
  file: string,
  root: string,
): Record<string, string> {
  const script = file.slice(root.length);
  const isNamed = path === script || path.startsWith(`${script}/`);
  return {
    SCRIPT_FILENAME: file,
    DOCUMENT_ROOT: root === "" ? "/" : root,
    SCRIPT_NAME: mount + script,
    PATH_INFO: isNamed ? path.slice(script.length) : path,
    REDIRECT_STATUS: "200", // php-cgi refuses to serve without it (cgi.force_redirect)
  };
}

function rootOf(folder: string): string {
  checkPath("documentRoot", folder);
  return folder.replace(/\/+$/, "");
}

function checkPath(option: string, path: unknown): void {
  if (typeof path === "string" && path.startsWith("/") && isPlain(path)) return;
  throw new OptionError(`${option} must be an absolute path without dot segments, got ${JSON.stringify(path)}`);
}

function isPlain(path: string): boolean {
  return !/(^|\/)\.\.?(\/|$)|\0/.test(path);
}

function outsideRoot(file: unknown, root: string): OptionError {
  return new OptionError(`scriptFilename must name a file beneath documentRoot, ${root}/; got ${JSON.stringify(file)}`);
}
