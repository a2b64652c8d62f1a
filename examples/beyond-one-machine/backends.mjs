/** Starts three servers on this machine, in place of remote ones: uWSGI, gunicorn and PHP-FPM. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ensurePython } from "../../scripts/python-env.mjs";

const SITE = fileURLToPath(new URL("site", import.meta.url));
const BIN = dirname(ensurePython());

/** Starts all three. @returns the addresses for `createSite`, and functions that kill uWSGI and stop all servers */
export async function startBackends() {
  const folder = mkdtempSync(join(tmpdir(), "beyond-"));
  const started = [];
  const end = async () => {
    for (const { kill } of started) await kill();
    rmSync(folder, { recursive: true });
  };
  const socket = (name) => join(folder, `${name}.sock`);
  try {
    for (const make of [uwsgi, gunicorn, phpFpm]) started.push(await start(make(folder, socket)));
  } catch (error) {
    await end();
    throw error;
  }
  const places = {
    shop: [socket("uwsgi"), socket("gunicorn")],
    blog: socket("php"),
    blogScript: join(SITE, "index.php"),
  };
  return { places, killUwsgi: started[0].kill, end };
}

const uwsgi = (_folder, socket) => ({
  command: "uwsgi",
  args: ["--plugin", "python3", "--socket", socket("uwsgi"), "--wsgi-file", join(SITE, "shop.py")].concat([
    "--master",
    "--processes",
    "2",
    "--threads",
    "2",
    "--disable-logging",
    "--buffer-size",
    "65535",
  ]),
  env: { ENGINE: "uWSGI" },
  ready: /spawned uWSGI worker 2/,
});

const gunicorn = (_folder, socket) => ({
  command: join(BIN, "gunicorn"),
  args: ["--protocol", "uwsgi", "-b", `unix:${socket("gunicorn")}`, "--chdir", SITE].concat([
    "-w",
    "2",
    "-k",
    "gthread",
    "--threads",
    "2",
    "shop:application",
  ]),
  env: { ENGINE: "gunicorn" },
  ready: /Booting worker/,
});

function phpFpm(folder, socket) {
  const owner = process.getuid() === 0 ? "user = root\ngroup = root\n" : "";
  const pool = `listen = ${socket("php")}\n${owner}pm = static\npm.max_children = 2\n`;
  writeFileSync(join(folder, "fpm.conf"), `[global]\nerror_log = fpm.log\n[site]\n${pool}`);
  const program = readdirSync("/usr/sbin").find((name) => name.startsWith("php-fpm")) ?? "php-fpm";
  return {
    command: join("/usr/sbin", program),
    args: ["-F", "-R", "-O", "-p", folder, "-y", join(folder, "fpm.conf")],
    env: {},
    ready: /ready to handle connections/,
  };
}

/** Starts a server and resolves when it is ready. Its processes form a process group, so that they can be killed together. */
async function start({ command, args, env, ready }) {
  const options = { stdio: ["ignore", "pipe", "pipe"], detached: true, env: { ...process.env, ...env } };
  const child = spawn(command, args, options);
  const exited = new Promise((resolve) => child.on("error", resolve).on("close", resolve));
  const kill = async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, "SIGKILL");
    await exited;
  };
  const output = [];
  await new Promise((resolve, reject) => {
    const failed = () =>
      reject(new Error(`${command} does not start; scripts/install-servers.sh installs it\n${output.join("\n")}`));
    child.on("error", failed).on("close", failed);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        output.push(line);
        if (ready.test(line)) resolve();
      });
    }
  });
  return { kill };
}
