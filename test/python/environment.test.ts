/** Which of Node's variables a process gets, what the log says of it, and the advice where a start lacked one of the others. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { AppImportError, OptionError } from "../../src/index.ts";
import { chooseEnvironment } from "../../src/python/environment.ts";
import { type PythonAppOptions, pythonApp } from "../../src/python.ts";
import { hostPython, startPython } from "../support/python.ts";
import { rawGet } from "../support/server.ts";

const SECRET = "postgres://till:secret@db/shop";

afterEach(() => vi.unstubAllEnvs());

function shop(code: string): string {
  const directory = mkdtempSync(join(tmpdir(), "wsgi-bridge-env-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "shop.py"), code);
  return directory;
}

async function failure(code: string, options: PythonAppOptions = {}): Promise<AppImportError> {
  const app = startPython("shop:app", { directory: shop(code), python: ensureAppsPython(), ...options });
  const error = await app.ready().then(
    () => new Error("it has started"),
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(AppImportError);
  return error as AppImportError;
}

const adviceFor = (name: string): string =>
  `Node's environment has ${name}, but the Python processes do not get it; write env: { ${name}: process.env.${name} } in the options of pythonApp, or env: "inherit" for all variables. If that is not the cause, fix the error`;

const READERS: [reader: string, code: string][] = [
  ["os.environ", 'import os\nos.environ["SHOP_DATABASE_URL"]'],
  [
    "os.environ, wrapped",
    'import os\ntry:\n    os.environ["SHOP_DATABASE_URL"]\nexcept KeyError as e:\n    raise RuntimeError("no database") from e',
  ],
  [
    "os.environ, hidden",
    'import os\ntry:\n    os.environ["SHOP_DATABASE_URL"]\nexcept KeyError:\n    raise RuntimeError("no database") from None',
  ],
  ["os.getenv and a conversion", 'import os\nPORT = int(os.getenv("SHOP_DATABASE_URL"))'],
  ["sys.exit", 'import os, sys\nif not os.getenv("SHOP_DATABASE_URL"):\n    sys.exit("SHOP_DATABASE_URL is not set")'],
  ["python-decouple", 'from decouple import config\nconfig("SHOP_DATABASE_URL")'],
  ["django-environ", 'import environ\nenviron.Env()("SHOP_DATABASE_URL")'],
  ["django-environ's database", 'import environ\nenviron.Env().db("SHOP_DATABASE_URL")'],
  ["starlette", 'from starlette.config import Config\nConfig()("SHOP_DATABASE_URL")'],
  [
    "Django's settings",
    `import os, sys, types
from django.core.exceptions import ImproperlyConfigured
def setting(name):
    try:
        return os.environ[name]
    except KeyError:
        raise ImproperlyConfigured("Set the %s environment variable" % name)
setting("SHOP_DATABASE_URL")`,
  ],
  [
    "pydantic-settings",
    "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    shop_database_url: str\nSettings()",
  ],
  [
    "pydantic-settings with a prefix",
    'from pydantic_settings import BaseSettings\nclass Settings(BaseSettings, env_prefix="shop_"):\n    database_url: str\nSettings()',
  ],
  [
    "pydantic-settings with an alias",
    'from pydantic import Field\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings, env_prefix="other_"):\n    url: str = Field(validation_alias="SHOP_DATABASE_URL")\nSettings()',
  ],
  [
    "pydantic-settings with nested fields",
    'from pydantic import BaseModel\nfrom pydantic_settings import BaseSettings\nclass Database(BaseModel):\n    url: str\n    pool: int\nclass Settings(BaseSettings, env_prefix="shop_", env_nested_delimiter="_"):\n    database: Database = {"pool": 1}\n    model_config = {"validate_default": True}\nSettings()',
  ],
  [
    "pydantic's settings of version 1",
    'from pydantic.v1 import BaseSettings\nclass Settings(BaseSettings):\n    database_url: str\n    class Config:\n        env_prefix = "SHOP_"\nSettings()',
  ],
  [
    "pydantic's settings of version 1 with a name",
    'from pydantic.v1 import BaseSettings\nclass Settings(BaseSettings):\n    database: str\n    class Config:\n        fields = {"database": {"env": ["shop_database_url"]}}\nSettings()',
  ],
];

describe("a variable that Node has and the process lacks", () => {
  beforeEach(() => vi.stubEnv("SHOP_DATABASE_URL", SECRET));

  it.each(READERS)("is named, with the option env, if it is read by %s", async (_, code) => {
    const error = await failure(code);
    expect(error.message).toContain(adviceFor("SHOP_DATABASE_URL"));
    expect(error.message).not.toContain(SECRET);
  });

  it("is one of several that are named", async () => {
    vi.stubEnv("SHOP_QUEUE", "amqp://till");
    const code =
      "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    shop_database_url: str\n    shop_queue: str\nS()";
    const { message } = await failure(code);
    expect(message).toContain("do not get them; write env: {");
    for (const name of ["SHOP_DATABASE_URL", "SHOP_QUEUE"]) expect(message).toContain(`${name}: process.env.${name}`);
  });

  it("is named for a factory, too", async () => {
    const directory = shop('import os\ndef create():\n    return os.environ["SHOP_DATABASE_URL"]');
    const app = startPython("shop:create()", { directory });
    await expect(app.ready()).rejects.toThrow(adviceFor("SHOP_DATABASE_URL"));
  });

  it("is not named where the failure has nothing to do with it", async () => {
    expect((await failure("import shop_that_is_not_there")).message).not.toContain("Node's environment");
    expect((await failure('import os\nos.environ["shop_database_url"]')).message).not.toContain("Node's environment");
  });
});

it("a variable that Node does not have either is only in the traceback", async () => {
  const { message } = await failure('import os\nos.environ["SHOP_DATABASE_URL"]');
  expect(message).not.toContain("Node's environment");
  expect(message).toContain("KeyError: 'SHOP_DATABASE_URL'");
});

it("an exception whose methods raise is reported like any other", async () => {
  const code =
    "class ValidationError(Exception):\n    def __str__(self): raise OSError\n    def errors(self): raise OSError\nraise ValidationError";
  expect((await failure(code)).message).toContain("ValidationError");
});

const PASSED_ON: readonly string[] = [
  "PATH",
  ...["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  ...["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"],
];

it.each(PASSED_ON)("%s is passed on without being named", (name) => {
  expect(chooseEnvironment({}, { [name]: "x" })).toEqual({ variables: { [name]: "x" }, withheld: new Set() });
});

it.each(["DATABASE_URL", "Http_Proxy", "MY_HTTP_PROXY", "PIP_PROXY", "http_proxy_password"])(
  "%s is withheld",
  (name) => {
    expect(chooseEnvironment({}, { [name]: "x" })).toEqual({ variables: {}, withheld: new Set([name]) });
    expect(chooseEnvironment({ [name]: "y" }, { [name]: "x" })).toEqual({
      variables: { [name]: "y" },
      withheld: new Set(),
    });
  },
);

const SEES = `import os
def app(environ, start_response):
    start_response("200 OK", [])
    return [os.environ.get("SHOP_DATABASE_URL", "not there").encode()]`;

it.each<[string, PythonAppOptions, seen: string, says: string]>([
  [
    "the allow-list",
    {},
    "not there",
    'only the usual environment variables (PATH, HOME, LANG, …) and those of the option env; env: "inherit" passes on all',
  ],
  ["one variable", { env: { SHOP_DATABASE_URL: "sqlite://" } }, "sqlite://", "only the usual environment variables"],
  ['all, by env: "inherit"', { env: "inherit" }, SECRET, "all environment variables"],
  [
    "all, by env: process.env",
    { env: { ...process.env, SHOP_DATABASE_URL: SECRET } as Record<string, string> },
    SECRET,
    "all environment variables",
  ],
])("the log says once that the processes get %s", async (_, options, seen, says) => {
  vi.stubEnv("SHOP_DATABASE_URL", SECRET);
  const { port, logger } = await hostPython("shop:app", { directory: shop(SEES), processes: 2, ...options });
  expect((await rawGet(port, "/")).body).toBe(seen);
  const lines = logger.lines.filter((line) => line.includes("environment variables"));
  expect(lines).toEqual([expect.stringContaining(`shop:app: the Python processes get ${says}`)]);
  expect(logger.text).not.toContain(SECRET);
});

it.each([
  ["all", /env must be an object of strings, or "inherit", got "all"/],
  [null, /env must be an object/],
  [{ A: 1 }, /env\.A must be a string, got number/],
])("rejects env: %j", (env, says) => {
  if (env === null) expect(() => chooseEnvironment(env as never, {})).toThrow(says);
  else expect(() => pythonApp("shop:app", { env: env as never })).toThrow(says);
  expect(() => chooseEnvironment(env as never, {})).toThrow(OptionError);
});
