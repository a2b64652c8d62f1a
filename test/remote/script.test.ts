import { describe, expect, it } from "vitest";
import { BadRequestError, OptionError } from "../../src/errors.ts";
import { type ScriptOptions, scriptSetter, scriptVariables } from "../../src/remote/script.ts";
import type { Environ } from "../../src/wsgi/types.ts";
import { environOf } from "../support/calls.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

it.each(docTable("src/remote/script.ts", "scriptVariables"))("$call is $result", (row) =>
  expectDocRow(scriptVariables, row),
);

/** The environ of `/m` + `path`, with the variables for PHP. */
function told(options: ScriptOptions, pathInfo = "/a"): Environ {
  const environ = environOf({ pathInfo });
  scriptSetter(options)?.(environ);
  return environ;
}

describe("scriptFilename", () => {
  it("sets nothing if it is not given", () => {
    expect(scriptSetter({})).toBeUndefined();
  });

  it.each([
    ["/srv/www/index.php", undefined, "/srv/www", "/m/index.php"],
    ["/srv/www/public/index.php", "/srv/www", "/srv/www", "/m/public/index.php"],
    ["/srv/www/index.php", "/srv/www//", "/srv/www", "/m/index.php"],
    ["/index.php", undefined, "/", "/m/index.php"],
    ["/srv/index.php", "/", "/", "/m/srv/index.php"],
  ])("%s with documentRoot %s: DOCUMENT_ROOT %s, SCRIPT_NAME %s", (scriptFilename, documentRoot, root, name) => {
    expect(told({ scriptFilename, documentRoot })).toMatchObject({
      SCRIPT_FILENAME: scriptFilename,
      DOCUMENT_ROOT: root,
      SCRIPT_NAME: name,
      PATH_INFO: "/a",
      REQUEST_URI: "/m/a?b=c",
    });
  });

  it("may be a function of the environ", () => {
    const scriptFilename = ({ PATH_INFO }: Environ): string =>
      PATH_INFO.startsWith("/wp-login.php") ? "/srv/wp-login.php" : "/srv/index.php";
    const options = { scriptFilename, documentRoot: "/srv" };
    expect(told(options, "/wp-login.php")).toMatchObject({ SCRIPT_NAME: "/m/wp-login.php", PATH_INFO: "" });
    expect(told(options, "/2026/post")).toMatchObject({ SCRIPT_NAME: "/m/index.php", PATH_INFO: "/2026/post" });
  });

  it.each(["/srv/../etc/passwd", "/srv/./x.php", "/srv/a/..", "/srv/a\0.php"])(
    "CVE-2018-7490: a function that makes %j of a request has the request refused",
    (file) => {
      const options = { scriptFilename: () => file, documentRoot: "/srv" };
      expect(() => told(options)).toThrow(BadRequestError);
    },
  );

  it.each(["/etc/passwd", "/srvx/a.php", "a.php", "", undefined])(
    "a function may not name a file outside documentRoot: %j",
    (file) => {
      expect(() => told({ scriptFilename: () => file as string, documentRoot: "/srv" })).toThrow(OptionError);
    },
  );

  it.each([
    [{ scriptFilename: "index.php" }, "scriptFilename must be an absolute path"],
    [{ scriptFilename: "" }, "scriptFilename must be an absolute path"],
    [{ scriptFilename: "/srv/../index.php" }, "scriptFilename must be an absolute path"],
    [{ scriptFilename: 7 }, "scriptFilename must be an absolute path"],
    [{ scriptFilename: "/srv/index.php", documentRoot: "srv" }, "documentRoot must be an absolute path"],
    [{ scriptFilename: "/srv/index.php", documentRoot: "/other" }, "must name a file beneath documentRoot, /other/"],
    [{ scriptFilename: "/srv/", documentRoot: "/srv/a" }, "must name a file beneath documentRoot"],
    [{ scriptFilename: () => "/srv/index.php" }, "documentRoot is required"],
    [{ documentRoot: "/srv" }, "documentRoot needs scriptFilename"],
  ])("%j is refused: %s", (options, words) => {
    expect(() => scriptSetter(options as ScriptOptions)).toThrow(OptionError);
    expect(() => scriptSetter(options as ScriptOptions)).toThrow(words);
  });
});
