/** What `reload: true` watches, and that errors of the watcher are only logged. Uses real files and real errors of the system. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watch } from "chokidar";
import { describe, expect, it, onTestFinished } from "vitest";
import { watchPython } from "../../src/python/watch.ts";
import { hostPython } from "../support/python.ts";

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "wsgi-bridge-watch-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

let written = 0;
/** Writes a file whose content is new. */
function touch(...path: string[]): void {
  written += 1;
  writeFileSync(join(...path), `# ${written}\n`);
}

interface Watched {
  changes: number;
  readonly unwatched: string[];
  /** Changes the file until the watch has noticed it. */
  notices(...path: string[]): Promise<void>;
  end(): Promise<void>;
}

function watched(directory: string, file = ""): Watched {
  const seen: Watched = {
    changes: 0,
    unwatched: [],
    async notices(...path) {
      const before = seen.changes;
      // Repeated, because the watch does not report when it is ready.
      await expect
        .poll(() => seen.changes > before || void touch(...path), { interval: 300, timeout: 10_000 })
        .toBe(true);
    },
    end: watchPython(
      directory,
      {
        changed: () => {
          seen.changes += 1;
        },
        unwatched: (what) => seen.unwatched.push(what),
      },
      file,
    ),
  };
  onTestFinished(() => seen.end());
  return seen;
}

/** Collects the events of a folder from now on, with a separate watcher. */
async function folderEvents(root: string): Promise<string[]> {
  const seen: string[] = [];
  const watcher = watch(root, { ignoreInitial: true });
  onTestFinished(() => watcher.close());
  watcher.on("all", (event, path) => seen.push(`${event} ${path}`));
  await once(watcher, "ready");
  return seen;
}

describe("ISO-11: watching", () => {
  it.each([".git", "node_modules", "__pycache__", ".venv", "environment"])("ignores %s", async (name) => {
    const root = folder();
    const foreign = join(root, name);
    mkdirSync(join(foreign, "lib"), { recursive: true });
    writeFileSync(join(foreign, "pyvenv.cfg"), "");
    const app = watched(root);
    const beside = watched(join(foreign, "lib"));
    await app.notices(root, "app.py");
    const before = app.changes;
    await beside.notices(foreign, "lib", "module.py");
    expect(app.changes).toBe(before);
    await app.notices(root, "app.py");
    expect(app.unwatched).toEqual([]);
  });

  it.each(["site/app.wsgi", "production.ini"])("watches the target %s, and no other file of its kind", async (file) => {
    const root = folder();
    mkdirSync(join(root, "site"));
    const link = join(folder(), "current");
    symlinkSync(root, link);
    const app = watched(link, file);
    await app.notices(root, file);
    const beside = watched(root, `${file}.other`);
    const before = app.changes;
    await beside.notices(root, `${file}.other`);
    expect(app.changes).toBe(before);
    await app.notices(root, file);
  });

  it("ignores created and deleted folders without Python files", async () => {
    const [root, other] = [folder(), folder()];
    const old = join(root, "old");
    const uploads = join(root, "uploads");
    mkdirSync(old);
    const app = watched(root);
    await app.notices(root, "app.py");
    const seen = await folderEvents(root);
    const before = app.changes;
    mkdirSync(uploads);
    writeFileSync(join(uploads, "note.txt"), "");
    rmSync(old, { recursive: true });
    await expect
      .poll(() => seen, { timeout: 10_000 })
      .toEqual(expect.arrayContaining([`addDir ${uploads}`, `unlinkDir ${old}`]));
    await watched(other).notices(other, "app.py"); // takes as long as the app's watch would take to report a change
    expect(app.changes).toBe(before);
  });

  it("watches a folder again after it was moved away and back, and a folder that replaces it", async () => {
    const root = folder();
    const [site, before, next] = ["site", "before", "next"].map((name) => join(root, name)) as [string, string, string];
    mkdirSync(site);
    mkdirSync(next);
    const app = watched(site);
    await app.notices(site, "app.py");
    const changes = app.changes;
    renameSync(site, before);
    await expect.poll(() => app.changes, { timeout: 10_000 }).toBeGreaterThan(changes); // its files are gone
    renameSync(before, site);
    await app.notices(site, "app.py");
    renameSync(site, before);
    renameSync(next, site);
    await app.notices(site, "app.py");
  });

  it("watches the new target of a link that was changed", async () => {
    const root = folder();
    const [current, one, two] = ["current", "one", "two"].map((name) => join(root, name)) as [string, string, string];
    mkdirSync(one);
    mkdirSync(two);
    symlinkSync(one, current);
    const app = watched(current);
    await app.notices(one, "app.py");
    rmSync(current);
    symlinkSync(two, current);
    await app.notices(two, "app.py");
  });

  it("follows no link out of the folder, but watches the target of a link inside it", async () => {
    const [root, outside] = [folder(), folder()];
    mkdirSync(join(root, "package"));
    symlinkSync(outside, join(root, "out"));
    symlinkSync(join(root, "package"), join(root, "in"));
    const app = watched(root);
    const beside = watched(outside);
    await app.notices(root, "in", "module.py");
    const before = app.changes;
    await beside.notices(outside, "module.py");
    expect(app.changes).toBe(before);
  });

  it("watches a folder that is given as a link, and is not confused by circular links", async () => {
    const root = folder();
    const link = join(folder(), "current");
    symlinkSync(root, link);
    symlinkSync(join(root, "loop.py"), join(root, "loop.py"));
    symlinkSync(root, join(root, "self"));
    const app = watched(link);
    await app.notices(root, "app.py");
    expect(app.unwatched).toEqual([]);
  });

  it("keeps working when folders are deleted and created again", async () => {
    const root = folder();
    mkdirSync(join(root, "package"));
    const app = watched(root);
    await app.notices(root, "package", "module.py");
    rmSync(join(root, "package"), { recursive: true });
    await app.notices(root, "app.py");
    mkdirSync(join(root, "package"));
    await app.notices(root, "package", "module.py");
  });

  it("can be stopped before it is ready", async () => {
    const root = folder();
    for (let i = 0; i < 50; i += 1) mkdirSync(join(root, `package${i}`, "module"), { recursive: true });
    const end = watchPython(root, { changed() {}, unwatched() {} });
    await end();
  });
});

const WATCH = JSON.stringify(new URL("../../dist/python/watch.js", import.meta.url).href);
/** Watches until its stdin ends. */
const PROGRAM = `
  import { openSync } from "node:fs";
  import { watchPython } from ${WATCH};
  await import("chokidar");
  const [directory, exhausted] = process.argv.slice(1);
  if (exhausted) try { for (;;) openSync("/dev/null"); } catch {}
  const end = watchPython(directory, {
    changed: () => console.log("changed"),
    unwatched: (what) => console.log("unwatched: " + what),
  });
  process.stdin.resume().on("end", async () => {
    await end();
    console.log("ended");
    process.exitCode = 0;
  });`;

/** Watches in a separate process, where an unhandled error would show in the exit code. */
function watchingProcess(command: string[], args: string[], uid?: number) {
  const [program = "", ...rest] = [...command, process.execPath, "--input-type=module", "-e", PROGRAM, "--", ...args];
  const node = spawn(program, rest, {
    stdio: ["pipe", "pipe", "inherit"],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const seen = { node, said: "" };
  node.stdout.setEncoding("utf8").on("data", (text: string) => {
    seen.said += text;
  });
  return {
    says: (text: string | RegExp) => expect.poll(() => seen.said, { timeout: 10_000 }).toMatch(text),
    changes: (...path: string[]) =>
      expect
        .poll(() => seen.said.includes("changed") || void touch(...path), { interval: 300, timeout: 10_000 })
        .toBe(true),
    async ends(): Promise<string> {
      node.stdin.end();
      expect(await once(node, "close")).toEqual([0, null]);
      return seen.said;
    },
  };
}

const ROOT = 0;
const NOBODY = 65_534;

describe("ISO-11: an error of the system while watching is a line in the log, and has no other effect", () => {
  it("a folder that Node may not read", async () => {
    const root = folder();
    mkdirSync(join(root, "secret"));
    chmodSync(join(root, "secret"), 0);
    chmodSync(root, 0o755);
    // root may read everything
    const watching = watchingProcess([], [root], process.getuid?.() === ROOT ? NOBODY : undefined);
    await watching.says(/unwatched: \S+secret is not watched: Node may not read it \(EACCES\)/);
    await watching.changes(root, "app.py");
    expect(await watching.ends()).toMatch(/ended/);
  });

  it("no descriptors are left before the watcher is ready", async () => {
    const root = folder();
    mkdirSync(join(root, "package"));
    const watching = watchingProcess(["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"], [root, "exhausted"]);
    await watching.says(/unwatched: \S+ is not watched: too many files or watchers are open \(EMFILE\)/);
    expect(await watching.ends()).toMatch(/ended/);
  });
});

describe("reload: true", () => {
  it("keeps serving when the application's folder is deleted, and logs why it cannot reload", async () => {
    const root = folder();
    const directory = join(root, "app");
    mkdirSync(directory);
    const source = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'hello']\n";
    writeFileSync(join(directory, "here.py"), source);
    const { app, url, logger } = await hostPython("here:app", { directory, reload: true });
    await expect
      .poll(() => logger.text.includes("the new code is running") || void touch(directory, "other.py"), {
        interval: 300,
      })
      .toBe(true);
    rmSync(directory, { recursive: true });
    await logger.said("the old code keeps running, because the Python process cannot be started");
    expect(await fetch(url).then((answer) => answer.text())).toBe("hello");
    await app.close();
  });

  it("close() may be called directly after pythonApp()", async () => {
    const { app } = await hostPython("probe:application", { reload: true });
    await app.close();
  });
});
