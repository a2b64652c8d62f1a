/** The forms in which other servers name an application: literals, files of any name, PasteDeploy. gunicorn decides what is right. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { ensurePython } from "../../scripts/python-env.mjs";
import { AppAttributeError, AppImportError } from "../../src/index.ts";
import { targetFile } from "../../src/python/target.ts";
import { gunicornBody } from "../support/gunicorn.ts";
import { hostPython, startPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

/** An app that answers with the representation of `value`. */
const answering = (value: string): string =>
  `(lambda environ, start_response: (start_response("200 OK", []), [repr(${value}).encode()])[1])`;

const FILES: Readonly<Record<string, string>> = {
  "shop.py": `
state = "the module"
def create_app(*args, **kwargs):
    return ${answering("(args, sorted(kwargs.items()))")}
def outer(environ, start_response):
    start_response("200 OK", [])
    return [state.encode()]
class site:
    make = staticmethod(create_app)
`,
  "shop.wsgi": "from shop import outer as application, create_app\n",
  "old-shop.py": `application = ${answering("'old'")}\n`,
  "old-till.wsgi": `application = ${answering("'a file'")}\n`,
  "odd name.wsgi": `application = ${answering("('odd', __name__, __file__[-9:])")}\n`,
  "site/app.wsgi": `import beside\napplication = ${answering("beside.NAME")}\nother = ${answering("'other'")}\n`,
  "site/beside.py": "NAME = 'beside'\n",
  "site/plain": `application = ${answering("'plain'")}\n`,
  "project/__init__.py": "",
  "project/wsgi.py": `application = ${answering("'the module'")}\n`,
  "project.wsgi": "from project.wsgi import application\n",
  "space/loose.py": `application = ${answering("'namespace'")}\n`,
  "space.loose": "raise RuntimeError('the file, not the module')\n",
  "production.ini": `
[app:main]
paste.app_factory = paste_factory:make
greeting = main
[app:other]
paste.app_factory = paste_factory:make
greeting = %(here)s
[filter:upper]
paste.filter_factory = paste_factory:make_filter
[pipeline:piped]
pipeline = upper main
[composite:urls]
use = call:paste_factory:urls
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = INFO
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = ini %(levelname)s %(message)s
`,
  "paste_factory.py": `
import logging
def make(global_conf, greeting):
    logging.getLogger("shop").info("made %s", greeting)
    return ${answering("greeting")}
def make_filter(global_conf):
    return lambda app: ${answering("'filtered'")}
`,
  "a b.ini": "[app:main]\npaste.app_factory = paste_factory:make\ngreeting = blank\n",
};

function site(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "wsgi-bridge-targets-")));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

async function bodyOf(target: string, python: string = ensurePython()): Promise<string> {
  const directory = site();
  const { port } = await hostPython(target, { directory, python });
  return (await rawGet(port, "/")).body.replace(directory, "DIR");
}

it.each(["old-shop", "old-shop:application"])("a module may have a hyphen, as under gunicorn: %s", async (target) => {
  const directory = site();
  const { port } = await hostPython(target, { directory });
  expect((await rawGet(port, "/")).body).toBe(await gunicornBody([target], directory));
});

it("a file with a hyphen and an extension is a file", async () => {
  expect(await bodyOf("old-till.wsgi")).toBe("'a file'");
});

describe("a factory with literals", () => {
  it.each([
    'shop:create_app("prod", debug=False)',
    "shop:create_app('it''s', \"(\", 'a\\')b', ':')",
    "shop:create_app(1, -2.5, 1j, None, ..., b'x', {1, 2})",
    'shop:create_app({"a": [1, (2,)]}, url="postgres://till:x@db/shop?a=b")',
    "shop:create_app(\n  1,\n)",
    "shop:create_app( )",
  ])("%s gets what it gets under gunicorn", async (target) => {
    const directory = site();
    const { port } = await hostPython(target, { directory });
    expect((await rawGet(port, "/")).body).toBe(await gunicornBody([target], directory));
  });

  it("may be nested or in a file, too", async () => {
    expect(await bodyOf("shop:site.make('x')")).toBe("(('x',), [])");
    expect(await bodyOf("shop.py:create_app('a.py:f()')")).toBe("(('a.py:f()',), [])");
    expect(await bodyOf("shop.wsgi:create_app(a='b:c()')")).toBe("((), [('a', 'b:c()')])");
  });

  it.each(["MODE", "os.environ['X']", "f'{1}'", "*[1]", "**{'a': 1}", "lambda: 1", "1 +", "print(1)", "'a' 1"])(
    "is refused for create_app(%s), before anything is imported",
    async (args) => {
      const app = startPython(`nothing:create_app(${args})`, { directory: site() });
      const error: Error = await app.ready().then(
        () => expect.unreachable(),
        (reason) => reason,
      );
      expect(error).toBeInstanceOf(AppAttributeError);
      expect(error.message).toBe(
        `the arguments in "nothing:create_app(${args})" must be literals of Python, such as 'text', 1, True, None or ["a", "b"]; let the factory itself read everything else`,
      );
    },
  );

  it("that does not take the arguments fails with Python's own message", async () => {
    const app = startPython("shop:outer(1)", { directory: site() });
    await expect(app.ready()).rejects.toThrow(
      /^"shop:outer\(1\)" raised [\s\S]*missing 1 required positional argument/,
    );
  });
});

describe("a file without .py", () => {
  it.each([
    ["site/app.wsgi", "'beside'"],
    ["./site/app.wsgi:other", "'other'"],
    ["site/plain", "'plain'"],
    ["site/plain:application", "'plain'"],
    ["odd name.wsgi", "('odd', '_file_odd_name_wsgi', 'name.wsgi')"],
    ["shop.wsgi", "the module"],
    ["project.wsgi", "'the module'"],
    ["./project.wsgi", "'the module'"],
    ["space.loose", "'namespace'"],
  ])("%s is loaded as under mod_wsgi, and a module of the same name comes first", async (target, answer) => {
    expect(await bodyOf(target)).toBe(answer);
  });

  it("leaves no bytecode that another file of the same stem would share", async () => {
    const directory = site();
    writeFileSync(join(directory, "till.wsgi"), `application = ${answering("'wsgi'")}\n`);
    writeFileSync(join(directory, "till.py"), `application = ${answering("'py  '")}\n`);
    for (const [target, answer] of [
      ["till.wsgi", "'wsgi'"],
      ["till.py", "'py  '"],
      ["till.wsgi", "'wsgi'"],
    ] as const) {
      const { port } = await hostPython(target, { directory });
      expect([target, (await rawGet(port, "/")).body]).toEqual([target, answer]);
    }
  });

  it.each([
    ["site/nothing.wsgi", /^the file "site\/nothing\.wsgi" cannot be imported [\s\S]*No such file/],
    ["site", /^the module "site" has neither/],
    ["./site", /^the file "\.\/site" cannot be imported [\s\S]*Is a directory/],
    ["nothing.wsgi", /^the module "nothing\.wsgi" cannot be imported/],
    ["shop.wsgi:nothing", /^the file "shop\.wsgi" has no attribute "nothing"; [^\n]*: application, create_app/],
  ])("the target %s fails with an error that says what is missing", async (target, says) => {
    await expect(startPython(target, { directory: site() }).ready()).rejects.toThrow(says);
  });
});

describe("a configuration of PasteDeploy", () => {
  it.each([
    ["production.ini", "'main'"],
    ["production.ini#main", "'main'"],
    ["production.ini#other", "'DIR'"],
    ["config:production.ini#piped", "'filtered'"],
    ["./a b.ini", "'blank'"],
  ])("%s is loaded", async (target, answer) => {
    expect(await bodyOf(target, ensureAppsPython())).toBe(answer);
  });

  it("gives what gunicorn's --paste gives, and sets up logging in the same way", async () => {
    const directory = site();
    const { port, logger } = await hostPython("production.ini#other", { directory, python: ensureAppsPython() });
    expect((await rawGet(port, "/")).body).toBe(
      await gunicornBody(["--paste", "production.ini#other"], directory, ensureAppsPython()),
    );
    expect(logger.lines).toContain(`ini INFO made ${directory}`);
  });

  it.each([
    [
      "production.ini#nothing",
      /^the configuration "production\.ini#nothing" cannot be imported from [\s\S]*LookupError/,
    ],
    ["nothing.ini", /^the configuration "nothing\.ini" cannot be imported from [\s\S]*nothing\.ini/],
  ])("the target %s fails with what PasteDeploy says", async (target, says) => {
    const app = startPython(target, { directory: site(), python: ensureAppsPython() });
    await expect(app.ready()).rejects.toThrow(AppImportError);
    await expect(app.ready()).rejects.toThrow(says);
  });

  it("says how to install PasteDeploy where it is missing", async () => {
    const directory = site();
    execFileSync("python3", ["-m", "venv", "--without-pip", join(directory, ".venv")]);
    const app = startPython("production.ini", { directory, python: undefined });
    await expect(app.ready()).rejects.toThrow(
      `"production.ini" is a configuration of PasteDeploy, which the interpreter that runs the app does not have; install it: ${directory}/.venv/bin/python -m pip install PasteDeploy\n`,
    );
  });
});

it.each([
  ["shop", "shop"],
  ["shop:create('a:b')", "shop"],
  ["site/app.wsgi:app", "site/app.wsgi"],
  ["config:production.ini#shop", "production.ini"],
  ["production.ini", "production.ini"],
])("targetFile(%j) is %j", (target, file) => expect(targetFile(target)).toBe(file));
