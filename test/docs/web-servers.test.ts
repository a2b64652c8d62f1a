/** docs/web-servers.md as far as it needs no web server; test/servers/real/ runs the rest of its blocks. */
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ensurePython } from "../../scripts/python-env.mjs";
import { startRealServer } from "../servers/real/real-server.ts";
import { play } from "../support/calls.ts";
import { remote } from "../support/remote.ts";
import { unusedAddress } from "../support/unused-address.ts";
import { Page, ROOT } from "./page.ts";
import { Workspace } from "./program.ts";

const page = new Page("docs/web-servers.md");
const workspace = new Workspace();
const SHOP = `from flask import Flask, request

app = Flask(__name__)


@app.get("/who")
def who():
    return " ".join([request.remote_addr, request.url, str("X-Forwarded-For" in request.headers)])


@app.get("/python")
def python():
    return "python"
`;
workspace.write("legacy/shop.py", SHOP);
workspace.write("shop.py", SHOP);

const OVER_HTTP = page.take("js", "trust proxy");
const OVER_FASTCGI = page.take("js", "serveFastcgi");
const NGINX_HTTP = page.take("nginx", "proxy_pass");
const NGINX_FASTCGI = page.take("nginx", "fastcgi_pass");

async function text(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, init);
  return `${response.status} ${await response.text()}`;
}

describe("over HTTP", () => {
  it("the app has the client, the scheme and the host that the proxy tells, and none of its headers", async () => {
    const code = OVER_HTTP.replace('listen(3000, "127.0.0.1")', "listen(3000)");
    expect(code).not.toBe(OVER_HTTP);
    const program = workspace.run(code);
    const headers = {
      "X-Forwarded-For": "192.0.2.1",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "shop.example",
    };
    const url = `${await program.url()}/who`;
    expect(await text(url, { headers })).toBe("200 192.0.2.1 https://shop.example/who False");
    program.process.kill("SIGTERM");
    expect(await once(program.process, "exit")).toEqual([0, null]);
  });

  it("both web servers ask the port where the program listens, and nginx sends each header that Express reads", () => {
    const [, port] = /listen\((\d+), "127\.0\.0\.1"\)/.exec(OVER_HTTP) ?? [];
    expect(NGINX_HTTP).toContain(`server 127.0.0.1:${port};`);
    expect(page.take("apache", "ProxyPreserveHost")).toContain(`"http://127.0.0.1:${port}/"`);
    for (const name of ["For", "Proto", "Host"]) expect(NGINX_HTTP).toContain(`proxy_set_header X-Forwarded-${name} `);
  });
});

describe("over FastCGI", () => {
  it("the program serves at its socket, which its group may open, and ends on SIGTERM", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wsgi-bridge-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "app.sock");
    const program = workspace.run(OVER_FASTCGI.replace("/run/shop/app.sock", path));
    expect(await once(program.lines, "line")).toEqual([`FastCGI at ${path}`]);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    const played = await play(remote(path), { pathInfo: "/hello", scriptName: "", queryString: "", target: "/hello" });
    expect(played.body).toBe("hello from /hello to 192.0.2.1\n"); // what play() says of its client
    program.process.kill("SIGTERM");
    expect(await once(program.process, "exit")).toEqual([0, null]);
  });

  it("every configuration names the socket of the program, and the unit's folder and group are the socket's", () => {
    const [, path = "", mode = ""] =
      /serveFastcgi\(toWsgi\(app\), "(\S+)", \{ mode: 0o(\d+) \}\)/.exec(OVER_FASTCGI) ?? [];
    expect(NGINX_FASTCGI).toContain(`server unix:${path};`);
    expect(page.take("apache", "CGIPassAuth")).toContain(`ProxyPass "/" "unix:${path}|fcgi://`);
    expect(page.take("text", "fastcgi.server")).toContain(`"socket" => "${path}"`);
    const unit = page.take("ini", "[Service]");
    const settings = Object.fromEntries([...unit.matchAll(/^(\w+)=(.+)$/gm)].map(([, key, value]) => [key, value]));
    expect(Object.keys(settings)).toEqual(["ExecStart", "User", "Group", "RuntimeDirectory"]); // as systemd.exec(5) spells them
    expect(path.startsWith(`/run/${settings.RuntimeDirectory}/`)).toBe(true);
    expect(mode).toBe("660");
    expect(page.text).toContain(`on Debian \`${settings.Group}\``);
  });
});

describe("inside a Python server", () => {
  const tree = page.take("text", "wsgi.py");
  const install = page.take("sh", "pip install");
  const installed = join(workspace.folder, "site-packages");
  workspace.write("web/server.mjs", page.take("js", "export const app"));
  workspace.write("wsgi.py", page.take("python", "Cascade(python_app, node)"));
  workspace.write("mounted.py", page.take("python", "DispatcherMiddleware"));
  workspace.write("mysite/wsgi.py", page.take("python", "get_wsgi_application()"));
  workspace.write("gunicorn_conf.py", page.take("python", "post_worker_init"));
  workspace.write("patient.py", page.take("python", "NodeTimeoutError"));
  workspace.write(
    "mysite/settings.py",
    'SECRET_KEY = "x"\nALLOWED_HOSTS = ["*"]\nROOT_URLCONF = "mysite.urls"\nMIDDLEWARE = ["django.middleware.common.CommonMiddleware"]\n',
  );
  workspace.write(
    "mysite/urls.py",
    'from django.http import HttpResponse\nfrom django.urls import path\n\nurlpatterns = [path("", lambda request: HttpResponse("django"))]\n',
  );
  const env = { ...workspace.env, PYTHONPATH: installed, HOME: workspace.folder }; // gunicorn keeps a socket in HOME

  beforeAll(() => {
    const [, folder = "", names = ""] = /^npm --prefix (\w+) install (.+)$/m.exec(install) ?? [];
    const target = join(workspace.folder, folder, "node_modules");
    const { name, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const packageFolder = join(target, name);
    mkdirSync(packageFolder, { recursive: true });
    for (const file of ["package.json", "dist"]) symlinkSync(join(ROOT, file), join(packageFolder, file));
    const isSource = (file: string): boolean => !/^(__pycache__|build|.*\.egg-info)$/.test(basename(file)); // others may change these
    cpSync(join(ROOT, "python"), join(packageFolder, "python"), { recursive: true, filter: isSource }); // pip builds in the folder
    for (const other of names.split(" ").filter((each) => each !== name)) {
      if (!(other in devDependencies)) throw new Error(`the page installs ${other}, which nobody here has tried`);
      symlinkSync(join(ROOT, "node_modules", other), join(target, other));
    }
    const [, source = ""] = /^pip install (\S+)$/m.exec(install) ?? [];
    const python = ensurePython();
    if (spawnSync(python, ["-c", "import pip, setuptools"]).status !== 0) {
      // Debian's interpreter, where there is no package index: the folder is all that can be tried.
      cpSync(join(workspace.folder, source, "wsgi_bridge"), join(installed, "wsgi_bridge"), { recursive: true });
      return;
    }
    const pip = "-m pip install --quiet --disable-pip-version-check --no-index --no-build-isolation".split(" ");
    execFileSync(python, [...pip, "--target", installed, source], { cwd: workspace.folder, stdio: "pipe" });
  });

  /** Starts a server by a command of the page, on another port. */
  async function serve(command: string, ready: RegExp): Promise<string> {
    const address = await unusedAddress();
    expect(command).toContain("127.0.0.1:8000");
    await startRealServer({
      command: "sh",
      args: ["-c", `exec ${command.replace("127.0.0.1:8000", address)}`],
      ready,
      install: "npm run setup",
      cwd: workspace.folder,
      env,
    });
    return `http://${address}`;
  }

  /** Runs a program in Python that has asked the app: `show("/path")` prints status and body. */
  function python(app: string, calls: string): string[] {
    const program = `import io, sys
from wsgiref.util import setup_testing_defaults
from ${app} import application
def show(path, method="GET", body=b"", mount=""):
    environ = {"PATH_INFO": path, "SCRIPT_NAME": mount, "REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(body)),
               "QUERY_STRING": "", "REMOTE_ADDR": "192.0.2.1", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr}
    setup_testing_defaults(environ)
    heads = []
    result = application(environ, lambda status, headers, exc_info=None: heads.append(status))
    data = b"".join(result)
    getattr(result, "close", lambda: None)()
    print(heads[0], data.decode().strip())
${calls}`;
    const told = execFileSync(ensurePython(), ["-c", program], { cwd: workspace.folder, env, encoding: "utf8" });
    return told.trimEnd().split("\n");
  }

  it("the tree is the one that the other blocks fill", () => {
    for (const file of ["shop.py", "wsgi.py", "server.mjs"]) expect(tree).toContain(file);
    expect(statSync(join(installed, "wsgi_bridge", "node_app.py")).isFile()).toBe(true);
  });

  it("gunicorn, by the page's command, and Node started before there is a request", async () => {
    const command = page.take("sh", "gunicorn").trim().replace("gunicorn ", "gunicorn --config gunicorn_conf.py ");
    workspace.write("web/started.mjs", 'import { writeFileSync } from "node:fs";\nwriteFileSync("started", "");\n');
    const server = readFileSync(join(workspace.folder, "web/server.mjs"), "utf8");
    workspace.write("web/server.mjs", `import "./started.mjs";\n${server}`);
    const url = await serve(command, /Booting worker/);
    await expect.poll(() => statSync(join(workspace.folder, "web/started"), { throwIfNoEntry: false })).toBeDefined();
    expect(await text(`${url}/python`)).toBe("200 python");
    expect(await text(`${url}/hello`)).toBe("200 hello from /hello to 127.0.0.1\n");
    expect(await text(`${url}/nowhere`)).toMatch(/^404 <!DOCTYPE html>[\s\S]*Cannot GET \/nowhere/);
  });

  it("waitress, by the page's command", async () => {
    const program = join(dirname(ensurePython()), "waitress-serve");
    const command = page.take("sh", "waitress-serve").trim();
    const url = await serve(
      existsSync(program) ? command : command.replace("waitress-serve", `${ensurePython()} -m waitress`), // Debian has none
      /Serving on/,
    );
    expect(await text(`${url}/python`)).toBe("200 python");
    expect(await text(`${url}/hello`)).toBe("200 hello from /hello to 127.0.0.1\n");
  });

  it("mounted by werkzeug", () => {
    const lines = python("mounted", 'show("/blog/hello"); show("/python")');
    expect(lines).toEqual(["200 OK hello from /blog/hello to 192.0.2.1", "200 OK python"]);
  });

  it("in a Django project", () => {
    const lines = python("mysite.wsgi", 'show("/"); show("/hello")');
    expect(lines).toEqual(["200 OK django", "200 OK hello from /hello to 192.0.2.1"]);
  });

  it("another status than 500 for a Node that takes too long", () => {
    workspace.write("web/slow.mjs", "export const app = () => undefined;\n");
    const slow = `import wsgi_bridge, patient
patient.shop = wsgi_bridge.NodeApp("slow.mjs:app", directory="web", request_timeout=0.2)
show("/")`;
    expect(python("patient", slow)).toEqual(["503 Service Unavailable Come back in a moment."]);
  });

  it("uWSGI and mod_wsgi: the commands have the processes and threads of the others; they run among the real servers", () => {
    expect(page.take("sh", "uwsgi")).toMatch(/--wsgi-file wsgi\.py .*--processes 2 --threads 8 /);
    expect(page.take("apache", "WSGIDaemonProcess")).toMatch(/processes=2 threads=8 [\s\S]*wsgi\.py\n/);
  });

  it("NodeApp and Cascade have these arguments, defaults and exceptions", () => {
    const program = `import inspect, wsgi_bridge, wsgi_bridge.node_errors as errors
for each in (wsgi_bridge.NodeApp, wsgi_bridge.Cascade):
    print(each.__name__ + "(" + ", ".join(str(p.replace(annotation=p.empty)) for p in list(inspect.signature(each.__init__).parameters.values())[1:]) + ")")
print(" ".join(name for name, each in vars(errors).items() if isinstance(each, type) and each is not errors.NodeError))`;
    const [node = "", cascade = "", errors = ""] = execFileSync(ensurePython(), ["-c", program], {
      env,
      encoding: "utf8",
    })
      .replaceAll("'", '"')
      .trimEnd()
      .split("\n");
    expect(page.text.includes(`\`${cascade}\``), cascade).toBe(true);
    const rows = [...page.text.matchAll(/^\| `(\w+)` \| `?([^`|]*?)`? ?\| /gm)].map(
      ([, name, value]) => `${name}=${value}`,
    );
    for (const argument of node.slice("NodeApp(".length, -1).split(", ")) {
      expect(rows).toContain(argument.replace(/^target$/, "target=").replace("env=None", "env=the server's own"));
    }
    const named = [...page.text.matchAll(/^\| `(\w+Error)` \|/gm)].map(([, name]) => name);
    expect(named.toSorted()).toEqual(errors.split(" ").toSorted());
  });
});

it("has no block that is not tested", () => expect(page.untested).toEqual([]));
