/** The forms of a target, and the errors for targets that name no application. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { AppAttributeError, AppImportError, AppNotCallableError, OptionError } from "../../src/index.ts";
import { pythonApp } from "../../src/python.ts";
import { hostPython, startPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

const FORMS = fileURLToPath(new URL("../apps/forms", import.meta.url));

const APPS: [target: string, answer: string][] = [
  ["many:app", "app"],
  ["many:site.shop.app", "nested"],
  ["many:make()", "made"],
  ["many:site.make()", "made by a static method"],
  ["many:instance", "an instance"],
  ["many:Result", "a class"],
  ["many:partial", "a partial"],
  ["many", "application"],
  ["only_app", "app"],
  ["package.inner:app", "inner"],
  ["package.inner", "inner"],
  ["many.py:app", "app"],
  ["many.py:make()", "made"],
  ["many.py", "application"],
  ["./many.py", "application"],
  [`${FORMS}/many.py:site.shop.app`, "nested"],
  ["odd/signal.py", "a file named as a module of Python's"],
];

it.each(APPS)("loads the target %s", async (target, answer) => {
  const { port } = await hostPython(target, { directory: FORMS });
  expect((await rawGet(port, "/")).body).toBe(answer);
});

it.each(["deep/by-path.py", "deep/by-path.py:application", `${FORMS}/deep/by-path.py`])(
  "the file %s imports modules from its own folder first, then from the directory, and keeps its name",
  async (target) => {
    const { port } = await hostPython(target, { directory: FORMS });
    expect(JSON.parse((await rawGet(port, "/")).body)).toEqual({
      path: [`${FORMS}/deep`, FORMS],
      name: "by-path",
      file: `${FORMS}/deep/by-path.py`,
      registered: true,
    });
  },
);

it.each(["shop:old/till.py", "shop:old/till.py:application"])(
  "the path in the target %s may contain a colon",
  async (target) => {
    const directory = mkdtempSync(join(tmpdir(), "targets-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    cpSync(join(FORMS, "many.py"), join(directory, "shop:old", "till.py"));
    const { port } = await hostPython(target, { directory });
    expect((await rawGet(port, "/")).body).toBe("application");
  },
);

it("each process calls a factory once, at its start, and a module is imported once", async () => {
  const { port, logger } = await hostPython("counted:make()", { directory: FORMS, processes: 2 });
  for (let request = 0; request < 3; request += 1) await rawGet(port, "/");
  expect([...logger.lines].filter((line) => /imported|made/.test(line)).sort()).toEqual([
    "imported",
    "imported",
    "made",
    "made",
  ]);
});

it.each([
  ["django_site.settings", "django_site.settings"],
  ["django_site/settings.py", "settings"],
])("the settings %s load their Django project, and are imported once", async (target, name) => {
  const { port, logger } = await hostPython(target, { directory: FORMS });
  expect((await rawGet(port, "/")).body).toContain(`Django with the settings ${name}\r\n`);
  expect(logger.lines.filter((line) => line.startsWith("settings imported"))).toEqual([`settings imported as ${name}`]);
});

it("the settings of the target win over DJANGO_SETTINGS_MODULE", async () => {
  const { port } = await hostPython("django_site.settings", {
    directory: FORMS,
    env: { DJANGO_SETTINGS_MODULE: "other.settings" },
  });
  expect((await rawGet(port, "/")).body).toContain("Django with the settings django_site.settings\r\n");
});

it("loads a Django project's wsgi module like any other module", async () => {
  const { port } = await hostPython("django_site.wsgi", { directory: FORMS });
  expect((await rawGet(port, "/")).body).toContain("Django with the settings django_site.settings\r\n");
});

type Failure = [target: string, kind: new (...args: never[]) => Error, message: RegExp];

const FAILURES: Failure[] = [
  [
    "nothing",
    AppImportError,
    /^the module "nothing" cannot be imported from \S+forms; [\s\S]*No module named 'nothing'/,
  ],
  [
    "deep/nothing.py",
    AppImportError,
    /^the file "deep\/nothing\.py" cannot be imported [\s\S]*No such file [^\n]*\/deep\/nothing/,
  ],
  [
    "many:nothing",
    AppAttributeError,
    /^the module "many" has no attribute "nothing"; [^\n]*: answering, application, app, /,
  ],
  ["many:site.nothing", AppAttributeError, /^the module "many" has no attribute "site\.nothing"; [^\n]*: site\.make/],
  ["many:nothing.app", AppAttributeError, /has no attribute "nothing"; /],
  ["many:nothing()", AppAttributeError, /has no attribute "nothing"; /],
  ["many.py:nothing", AppAttributeError, /^the file "many\.py" has no attribute "nothing"; /],
  ["neither", AppAttributeError, /^the module "neither" has neither an "application" nor an "app", [^\n]*: make$/],
  ["package", AppAttributeError, /^the module "package" has neither [^\n]*\(it has no callable\)$/],
  ["many:raises()", AppImportError, /^"many:raises\(\)" raised an exception; [\s\S]*RuntimeError: the till is locked/],
  ["many:leaves()", AppImportError, /^"many:leaves\(\)" raised an exception; [\s\S]*SystemExit: 3/],
  ["many:takes_one()", AppImportError, /^"many:takes_one\(\)" raised [\s\S]*TypeError: [^\n]*missing 1 required/],
  ["lazy:app", AppImportError, /^"lazy:app" raised an exception; [\s\S]*RuntimeError: not now/],
  [
    "unsettled",
    AppImportError,
    /^"django\.core\.wsgi\.get_wsgi_application\(\)" raised [\s\S]*No module named 'no_such_app'/,
  ],
  ["many:number", AppNotCallableError, /^"many:number" is of type int and cannot be called; name a WSGI app/],
  ["many:number()", AppNotCallableError, /^"many:number" is of type int and cannot be called; name a factory/],
  ["many:make_nothing()", AppNotCallableError, /^"many:make_nothing\(\)" is of type NoneType .*; name a WSGI app/],
];

it.each(FAILURES)(
  "the target %s fails with an error that says what is missing, and where",
  async (target, kind, message) => {
    const app = startPython(target, { directory: FORMS });
    const error = await app.ready().catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
  },
);

it("the traceback of a factory begins in the factory", async () => {
  const app = startPython("many:raises()", { directory: FORMS });
  const error = await app.ready().catch((reason: AppImportError) => reason);
  expect((error as AppImportError).traceback).toMatch(/^Traceback [^\n]*\n {2}File "[^"]*many\.py"/);
});

it.each([
  "many:",
  ":app",
  "a b:c",
  "many:app()()",
  "many:app(()",
  "many:app('a)",
  "many:app(1)(2)",
  "many:app(1]",
  "many:app(1).other",
  "many:app().other",
  "many:()",
  "many:a..b",
  "many.:app",
  "deep/",
  "http://localhost:8000/app",
  "egg:shop#main",
  "production.ini:app",
  "#main",
  "many:my-app",
  ".py",
  "deep/.py:app",
  "many.py:",
  "many.py\0:app",
  "1:a",
  "",
  undefined,
])("rejects the target %j at once, and lists the valid forms", (target) => {
  const start = () => pythonApp(target as string, { directory: FORMS });
  expect(start).toThrow(OptionError);
  expect(start).toThrow(/"module", "module:attribute", "module:factory\(\)", .*"path\/to\/file\.py"/);
});
