/** The variables by which PHP is told its script (RFC 3875 §4.1; PHP's own beside them). Knows paths as text; opens no file. */
import { BadRequestError, OptionError } from "../errors.ts";
import type { Environ } from "../wsgi/types.ts";

/** Which file PHP runs. */
export interface ScriptOptions {
  /**
   * The file that PHP-FPM runs, as its machine knows it: the front controller of a site, or a function that names the script
   * for a request. Leave it out for servers that have one application: uWSGI, flup.
   *
   * A function must choose from files that it knows. A path made of what the client sent runs whatever lies there, and PHP with
   * `cgi.fix_pathinfo` runs `/upload/evil.jpg` for `/upload/evil.jpg/x.php`.
   *
   * @default none
   */
  scriptFilename?: string | ((environ: Environ) => string) | undefined;
  /**
   * The folder that the site's URLs begin at, as PHP-FPM's machine knows it. Required with a function.
   *
   * @default the folder of `scriptFilename`
   */
  documentRoot?: string | undefined;
}

/** Sets the variables in an environ that is the request's own. */
export type ScriptSetter = (environ: Environ) => void;

/** @throws OptionError that names the option */
export function scriptSetter({ scriptFilename, documentRoot }: ScriptOptions): ScriptSetter | undefined {
  if (scriptFilename === undefined) {
    if (documentRoot !== undefined)
      throw new OptionError("documentRoot goes with scriptFilename; give both, or neither");
    return undefined;
  }
  if (typeof scriptFilename !== "function") {
    checkPath("scriptFilename", scriptFilename);
    const root = rootOf(documentRoot ?? scriptFilename.slice(0, scriptFilename.lastIndexOf("/") + 1));
    if (!scriptFilename.startsWith(`${root}/`)) throw outside(scriptFilename, root);
    return (environ) => void Object.assign(environ, scriptVariables(environ, scriptFilename, root));
  }
  if (documentRoot === undefined) throw new OptionError("documentRoot is required where scriptFilename is a function");
  const root = rootOf(documentRoot);
  return (environ) => {
    const file = scriptFilename(environ);
    if (typeof file !== "string" || !file.startsWith(`${root}/`)) throw outside(file, root);
    if (!isPlain(file)) throw new BadRequestError("scriptFilename() made a path with dot segments of the request");
    Object.assign(environ, scriptVariables(environ, file, root));
  };
}

/**
 * SCRIPT_NAME is the script's own path in URLs, and PATH_INFO what follows, whether the URL names the script or not:
 * so PHP_SELF, which PHP makes of the two, is an URL that reaches the same page.
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
  const names = path === script || path.startsWith(`${script}/`);
  return {
    SCRIPT_FILENAME: file,
    DOCUMENT_ROOT: root === "" ? "/" : root,
    SCRIPT_NAME: mount + script,
    PATH_INFO: names ? path.slice(script.length) : path,
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

function outside(file: unknown, root: string): OptionError {
  return new OptionError(`scriptFilename must name a file beneath documentRoot, ${root}/; got ${JSON.stringify(file)}`);
}
