/** The files that npm publishes: the JavaScript and the Python package, and nothing else. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Packed {
  readonly files: readonly { readonly path: string }[];
  /** The size of the tarball in bytes. */
  readonly size: number;
  /** The size of the unpacked files in bytes. */
  readonly unpackedSize: number;
}

const [packed] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 60_000,
  }),
) as [Packed];
const paths = packed.files.map(({ path }) => path);

it("ships the built JavaScript with its declarations, and the Python package", () => {
  for (const path of [
    "dist/index.js",
    "dist/index.d.ts",
    "dist/python.js",
    "python/wsgi_bridge/__main__.py",
    "python/wsgi_bridge/worker.py",
    "python/wsgi_bridge/py.typed",
    "python/pyproject.toml",
    "dist/servers/node-app/main.js",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
  ]) {
    expect(paths).toContain(path);
  }
});

/** Neither sources nor maps: tsc only removes the types, so stack traces and "go to definition" show the same code. */
it("ships nothing else", () => {
  const known =
    /^(dist\/[\w/-]+(\.d\.ts|\.js)$|python\/wsgi_bridge\/(\w+\.py|py\.typed)$|python\/pyproject\.toml$|(README|CHANGELOG)\.md$|LICENSE$|package\.json$)/;
  expect(paths.filter((path) => !known.test(path))).toEqual([]);
});

it("stays small", () => {
  expect(paths.length).toBeLessThan(450);
  expect(packed.size).toBeLessThan(300_000);
  expect(packed.unpackedSize).toBeLessThan(1_000_000);
});
