/** `Cascade`: Python answers first, and Express gets the requests that Python does not answer. */
import { cpSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { makeSite, runPython } from "./site.ts";

const DJANGO = fileURLToPath(new URL("../../apps/forms/django_site", import.meta.url));

const APPS = `
def reads(environ, start_response):
    environ["wsgi.input"].read(3)
    environ["wsgi.input"].readline(100)
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no"]
def reads_all(environ, start_response):
    environ["wsgi.input"].read(10_000_000)
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no"]
def lazy(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    yield b"no"
def writes(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/plain")])(b"no")
    return []
def gone(environ, start_response):
    start_response("410 Gone", [("Content-Type", "text/plain")])
    return [b"no"]
def answers(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"python " + environ["wsgi.input"].read(10_000_000)]
def answers_first(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"python "
    yield environ["wsgi.input"].read(10_000_000)
def raises(environ, start_response):
    raise ValueError("python's own")
def closes(environ, start_response):
    class Result(list):
        def close(self): print("closed")
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return Result([b"no"])
`;

it.each([
  ["reads some of the body, and answers 404", "reads", ["200 OK hello"]],
  ["reads all of the body, and answers 404", "reads_all", ["200 OK hello"]],
  ["is a generator, and answers 404", "lazy", ["200 OK hello"]],
  ["uses write(), and answers 404", "writes", ["200 OK hello"]],
  ["answers 404 with a result that has close()", "closes", ["closed", "200 OK hello"]],
  ["answers", "answers", ["200 OK python hello"]],
  ["answers, and reads the body then", "answers_first", ["200 OK python hello"]],
  ["answers with another status", "gone", ["410 Gone no"]],
])("asks Node where the first app's answer is dropped, and only there: it %s", async (_what, first, lines) => {
  const program = `${APPS}\nshow(Cascade(${first}, NodeApp("server.mjs:app")), "/echo", "POST", b"hello")`;
  expect(await runPython(makeSite(), program)).toEqual(lines);
});

it("passes on other statuses than 404 if they are named", async () => {
  const program = `${APPS}\nshow(Cascade(gone, NodeApp("server.mjs:app"), statuses=(404, 410)), "/hello")`;
  expect(await runPython(makeSite(), program)).toEqual(["200 OK hello from /hello"]);
});

it("keeps 3 MiB of a body that the first app has read", async () => {
  const program = `${APPS}\nbig = bytes(range(256)) * 12288
for first in (reads, reads_all): print(call(Cascade(first, NodeApp("server.mjs:app")), "/echo", "POST", big)[1] == big)`;
  expect(await runPython(makeSite(), program)).toEqual(["True", "True"]);
});

it("lets the first app's exception through", async () => {
  const program = `${APPS}\ntry: call(Cascade(raises, NodeApp("server.mjs:app")), "/hello")
except ValueError as error: print(error)`;
  expect(await runPython(makeSite(), program)).toEqual(["python's own"]);
});

it("puts Express behind Django: Django answers what it knows, and Express gets its 404s", async () => {
  const site = makeSite();
  cpSync(DJANGO, `${site}/django_site`, { recursive: true });
  const program = `import os
os.environ["DJANGO_SETTINGS_MODULE"] = "django_site.settings"
from django.core.wsgi import get_wsgi_application
app = Cascade(get_wsgi_application(), NodeApp("server.mjs:app"))
show(app, "/")
show(app, "/hello")
show(app, "/echo", "POST", b"a=b")`;
  const [, django, ...express] = await runPython(site, program); // the first line is the settings' own
  expect(django).toBe("200 OK Django with the settings django_site.settings");
  expect(express).toEqual(["200 OK hello from /hello", "200 OK a=b"]);
});
