import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import type { WsgiApp } from "../../src/index.ts";
import { type PythonApp, pythonApp } from "../../src/python.ts";
import { validator } from "../../src/validator.ts";
import { ALL_HOSTS, type Host } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { CASES } from "./cases/all.ts";
import { runCase, type Variant } from "./run.ts";
import type { Case } from "./types.ts";

const pythonLog = new MemoryLogger();
const [strict, lenient] = [true, false].map((strict) =>
  pythonApp("twins:application", {
    directory: fileURLToPath(new URL(".", import.meta.url)),
    python: ensurePython(),
    processes: 1,
    threads: 4,
    strict,
    logger: pythonLog,
  }),
) as [PythonApp, PythonApp];
afterAll(() => Promise.all([strict.close(), lenient.close()]));

/** Returns middleware that tells the Python process which twin to run. */
function twin({ twin }: Case, validated: boolean, python = strict): WsgiApp {
  return (environ, startResponse) => {
    environ["conformance.twin"] = ascii(JSON.stringify(twin));
    environ["conformance.validated"] = String(validated);
    return python(environ, startResponse);
  };
}

/** Escapes what is not ASCII, because the strings of an environ are bytes. */
function ascii(json: string): string {
  return json.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The cases do not check the validator's warnings. */
const QUIET = { warn: () => undefined };

const VARIANTS: readonly Variant[] = [
  { name: "JavaScript", language: "javascript", validated: false, build: ({ app }) => app as WsgiApp },
  {
    name: "JavaScript under validator()",
    language: "javascript",
    validated: true,
    build: ({ app }) => validator(app as WsgiApp, QUIET),
  },
  { name: "strict Python", language: "python", validated: false, build: (row) => twin(row, false) },
  {
    name: "Python under both validators",
    language: "python",
    validated: true,
    build: (row) => validator(twin(row, true), QUIET),
  },
];

/** Python apps as they are served by default: whatever gunicorn does not serve is refused as well. */
const LENIENT: Variant = {
  name: "Python",
  language: "python",
  validated: false,
  build: (row) => twin(row, false, lenient),
};

// Loops, because `each` shortens the names that it inserts for `$name`.
for (const host of ALL_HOSTS) {
  for (const variant of VARIANTS) {
    describe(`${host.name}, ${variant.name}`, () => {
      for (const row of CASES) {
        if (applies(row, host, variant)) it(row.name, () => runCase(host, variant, row), 5000);
      }
    });
  }
}

for (const host of ALL_HOSTS.filter(({ kind }) => kind === "node" || kind === "http2")) {
  describe(`${host.name}, ${LENIENT.name}`, () => {
    for (const row of CASES) {
      if (row.lenient === undefined && applies(row, host, LENIENT))
        it(row.name, () => runCase(host, LENIENT, row), 5000);
    }
  });
}

function applies({ app, twin, breaks, only }: Case, host: Host, variant: Variant): boolean {
  if ((variant.language === "python" ? twin : app) === undefined) return false;
  return !(variant.validated && breaks) && !(only === "http1" && host.kind === "http2");
}

it("gives each case a unique name that begins with rule numbers", () => {
  const names = CASES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[A-Z]+-\d\d\b.*: ./.test(name))).toEqual([]);
});

it("VAL-27: closes the result of every twin", () => {
  expect(pythonLog.text).not.toContain("without being closed");
});
