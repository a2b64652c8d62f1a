/** python/wsgi_bridge/callables.py: whatever a WSGI server can call is accepted, and what it certainly cannot is refused. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { ensurePython } from "../../scripts/python-env.mjs";

const PROGRAM = fileURLToPath(new URL("../support/wsgi_callables.py", import.meta.url));
const PYTHONPATH = fileURLToPath(new URL("../../python", import.meta.url));
const REFUSED = /^(asgi2|asgi|async|factory|arity) /;

it.each([
  ["what the standard library makes", ensurePython, [], "mock"],
  ["Bottle and Flask", ensurePython, ["bottle", "flask"], "LocalProxy"],
  ["Django", ensurePython, ["django"], "lazy Django"],
  ["CherryPy, Pyramid, WebOb and Falcon", ensurePython, ["others"], "WebOb wsgify"],
  ["Django's and Falcon's ASGI applications", ensurePython, ["asgi"], "asgi Falcon"],
  ["foreign applications", ensureAppsPython, ["apps"], "hgweb"],
  ["FastAPI, Starlette and Socket.IO", ensureAppsPython, ["asgi_apps"], "asgi FastAPI"],
])("judges %s", (_, python, libraries, one) => {
  const output = execFileSync(python(), ["-W", "ignore", PROGRAM, ...libraries], {
    env: { ...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: "1" },
    encoding: "utf8",
  });
  const judged = JSON.parse(output) as Record<string, string>;
  const expected = Object.keys(judged).map((name) => [name, REFUSED.exec(name)?.[1] ?? ""]);
  expect(judged).toEqual(Object.fromEntries(expected));
  expect(judged).toHaveProperty(one);
});
