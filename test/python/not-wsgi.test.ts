/** Targets that name an ASGI app or a factory: the start fails, and what the error says to write works. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { ensurePython } from "../../scripts/python-env.mjs";
import { AppNotCallableError } from "../../src/index.ts";
import type { PythonAppOptions } from "../../src/python.ts";
import { folderOf } from "../support/folder.ts";
import { hostPython, startPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

async function refusal(target: string, options: PythonAppOptions): Promise<string> {
  const app = startPython(target, options);
  const error = await app.ready().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppNotCallableError);
  await app.close();
  return (error as AppNotCallableError).message;
}

const hello = async (target: string, options: PythonAppOptions): Promise<string> => {
  const { port } = await hostPython(target, options);
  return (await fetch(`http://127.0.0.1:${port}/`)).text();
};

const RAW = `
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
`;
const FASTAPI = `
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
app = FastAPI()

@app.get("/", response_class=PlainTextResponse)
async def hello():
    return "hello"
`;
const STARLETTE = `
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hello(request):
    return PlainTextResponse("hello")

def create_app():
    return Starlette(routes=[Route("/", hello)])
`;
const CLASS = `${RAW}
send_hello = app

class Shop:
    async def __call__(self, scope, receive, send):
        await send_hello(scope, receive, send)

class Site:
    app = Shop()
`;
const DOUBLE = `${RAW}
class Shop:
    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        await app(self.scope, receive, send)
`;

const djangoEntry = (kind: string): string => `
import os, sys
sys.path.append(os.getcwd())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
from django.core.${kind} import get_${kind}_application
application = get_${kind}_application()
`;
const DJANGO = {
  "project/__init__.py": "",
  "project/settings.py": "SECRET_KEY = 's'\nALLOWED_HOSTS = ['*']\nROOT_URLCONF = 'project.urls'\n",
  "project/urls.py": `
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("hello"))]
`,
  "project/asgi.py": djangoEntry("asgi"),
  "project/wsgi.py": djangoEntry("wsgi"),
  "entry.py": djangoEntry("asgi"),
};

describe("an ASGI app", () => {
  it.each([
    ["a function", "shop:app", RAW, "app", "function"],
    ["a module's default", "shop", FASTAPI, "app", "FastAPI"],
    ["FastAPI", "shop:app", FASTAPI, "app", "FastAPI"],
    ["a file", "shop.py:app", FASTAPI, "app", "FastAPI"],
    ["what a factory returns", "shop:create_app()", STARLETTE, "create_app()", "Starlette"],
    ["an object in a class", "shop:Site.app", CLASS, "Site.app", "Shop"],
    ["a partial", "shop:part", `${RAW}\nimport functools\npart = functools.partial(app)`, "part", "partial"],
  ])("%s: fails at the start, and runs with the lines of the error", async (_, target, source, attribute, type) => {
    const options = { directory: folderOf({ "shop.py": source }), python: ensureAppsPython() };
    const place = target.replace(/:.*/, "");
    const message = await refusal(target, options);
    expect(message).toBe(
      `"${place}:${attribute}" is an ASGI app (${type}), and pythonApp runs WSGI apps; install a2wsgi, add these lines to the end of the module, and name "${place}:wsgi_app":\nfrom a2wsgi import ASGIMiddleware\nwsgi_app = ASGIMiddleware(${attribute})`,
    );
    expect(await hello(...asWritten(message, options))).toBe("hello");
  });

  it("a class of ASGI 2: fails at the start, and runs with the lines of the error", async () => {
    const options = { directory: folderOf({ "shop.py": DOUBLE }), python: ensureAppsPython() };
    const message = await refusal("shop:Shop", options);
    expect(message).toContain(":\nfrom asgiref.compatibility import guarantee_single_callable\n");
    expect(await hello(...asWritten(message, options))).toBe("hello");
  });

  it.each([
    ["project.asgi:application", '"project.wsgi", which Django has made beside it', "project.wsgi"],
    ["project/asgi.py", '"project/wsgi.py", which Django has made beside it', "project/wsgi.py"],
    ["entry:application", "Django's settings module", "project.settings"],
  ])("Django's %s: the error names %s, which runs", async (target, advice, named) => {
    const options = { directory: folderOf(DJANGO) };
    expect(await refusal(target, options)).toMatch(
      new RegExp(
        `^"${target}(:application)?" is an ASGI app \\(ASGIHandler\\), and pythonApp runs WSGI apps; name ${advice}$`,
      ),
    );
    expect(await hello(named, options)).toBe("hello");
  });

  it("an async function with other arguments fails at the start", async () => {
    const source = "async def app(environ, start_response):\n    return []\n";
    expect(await refusal("shop:app", { directory: folderOf({ "shop.py": source }) })).toBe(
      '"shop:app" is an async function, which a WSGI app cannot be; name a WSGI app, a callable that takes environ and start_response and is not async',
    );
  });
});

/** Adds the lines of the error to the module. Returns the target that the error names. */
function asWritten(message: string, options: { directory: string; python: string }): [string, PythonAppOptions] {
  const file = join(options.directory, "shop.py");
  const [text, ...lines] = message.split("\n");
  writeFileSync(file, `${readFileSync(file, "utf8")}\n${lines.join("\n")}\n`);
  return [/name "(.*)":$/.exec(text ?? "")?.[1] ?? "", options];
}

const FACTORIES = `
from flask import Flask

def create_app(config=None):
    app = Flask("shop")
    app.add_url_rule("/", "hello", lambda: "hello")
    return app

def made_for(config):
    return create_app()

def possible(config=None, debug=False):
    return create_app()

def possible_with(config, debug):
    return create_app()

class Shop:
    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return [b"hello"]

app = create_app

def asynchronous(environ, start_response):
    async def later():
        pass
    return later()

def forgetful(environ, start_response):
    start_response("200 OK", [])

def numeric(environ, start_response):
    return 7

def layered():
    return create_app
`;

const shop = (): PythonAppOptions => ({ directory: folderOf({ "shop.py": FACTORIES }), python: ensurePython() });
const NOT = "cannot be called with environ and start_response, so it is not a WSGI app; if it returns the app,";
const CALL = "call it in the module and name the variable that has its result";

describe("a factory", () => {
  it.each([
    ["shop:create_app", "shop:create_app"],
    ["shop:Shop", "shop:Shop"],
    ["shop", "shop:app"],
    ["shop.py", "shop.py:app"],
  ])("%s fails at the start, and runs with the target of the error", async (target, name) => {
    expect(await refusal(target, shop())).toBe(`"${name}" ${NOT} add parentheses: "${name}()"`);
    expect(await hello(`${name}()`, shop())).toBe("hello");
  });

  it.each(["shop:made_for", "shop:layered()"])("%s fails at the start", async (target) => {
    expect(await refusal(target, shop())).toBe(`"${target}" ${NOT} ${CALL}`);
  });

  it.each([
    [
      "possible",
      'possible returned an object of type Flask, which can be called, instead of a body; if it is a factory, add parentheses to the target: "module:possible()"',
    ],
    [
      "possible_with",
      `possible_with returned an object of type Flask, which can be called, instead of a body; if it is a factory, ${CALL}`,
    ],
    [
      "asynchronous",
      "the application returned a coroutine, so it is asynchronous, and WSGI has no async functions; if it is an ASGI app, wrap it in a2wsgi.ASGIMiddleware",
    ],
    ["forgetful", "the application returned None; return a list of bytes: [body]"],
    ["numeric", "the application returned an object of type int; return a list of bytes: [body]"],
  ])("%s, which takes two arguments, fails at the first request", async (name, message) => {
    const { port, logger } = await hostPython(`shop:${name}`, shop());
    expect((await rawGet(port, "/")).head).toMatch(/^HTTP\/1\.1 500 /);
    expect(await logger.said("AppProtocolError: ")).toContain(message);
  });
});
