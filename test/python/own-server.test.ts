/** Apps that start a server of their own while they are imported: found at once, with the line to change. */
import { describe, expect, it, onTestFinished } from "vitest";
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { ensurePython } from "../../scripts/python-env.mjs";
import { AppImportError } from "../../src/index.ts";
import type { PythonAppOptions } from "../../src/python.ts";
import { folderOf } from "../support/folder.ts";
import { hostPython, startPython } from "../support/python.ts";
import { listen, rawGet } from "../support/server.ts";
import { unusedAddress } from "../support/unused-address.ts";

const WSGI = `
import os
port = int(os.environ["PORT"])

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]

`;

/** Options for an app of these files, with a port that nothing uses. */
async function place(files: Record<string, string>): Promise<{ directory: string; env: { PORT: string } }> {
  const port = (await unusedAddress()).split(":")[1];
  return { directory: folderOf(files), env: { PORT: `${port}` } };
}

async function failureOf(target: string, given: PythonAppOptions): Promise<AppImportError> {
  const app = startPython(target, given);
  const error = await app.ready().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppImportError);
  await app.close();
  return error as AppImportError;
}

type Serving = [server: string, python: () => string, source: string, line: string];

const main = ensurePython;
const apps = ensureAppsPython;
const FLASK = "import os\nfrom flask import Flask\napp = Flask(__name__)\nport = int(os.environ['PORT'])\n";

const SERVERS: Serving[] = [
  ["Flask", main, FLASK, "app.run(port=port)"],
  ["Flask with its reloader", main, FLASK, "app.run(port=port, debug=True)"],
  ["Werkzeug", main, `${WSGI}from werkzeug.serving import run_simple`, 'run_simple("127.0.0.1", port, app)'],
  ["Bottle", main, `${WSGI}import bottle`, "bottle.run(app, port=port)"],
  ["Bottle with its reloader", main, `${WSGI}import bottle`, "bottle.run(app, port=port, reloader=True)"],
  ["Bottle on waitress", main, `${WSGI}import bottle`, 'bottle.run(app, port=port, server="waitress")'],
  ["Bottle's own method", main, `${WSGI}from bottle import Bottle\nshop = Bottle()`, "shop.run(port=port)"],
  [
    "wsgiref",
    main,
    `${WSGI}from wsgiref.simple_server import make_server\nserver = make_server("127.0.0.1", port, app)`,
    "server.serve_forever()",
  ],
  ["waitress", main, `${WSGI}from waitress import serve`, "serve(app, port=port)"],
  [
    "waitress in two steps",
    main,
    `${WSGI}from waitress import create_server\nserver = create_server(app, listen=f"127.0.0.1:{port}")`,
    "server.run()",
  ],
  [
    "cheroot",
    main,
    `${WSGI}from cheroot.wsgi import Server\nserver = Server(("127.0.0.1", port), app)`,
    "server.start()",
  ],
  [
    "cheroot's safe_start",
    apps,
    `${WSGI}from cheroot.wsgi import Server`,
    'Server(("127.0.0.1", port), app).safe_start()',
  ],
  [
    "CherryPy",
    main,
    `${WSGI}import cherrypy\ncherrypy.config.update({"server.socket_port": port})`,
    "cherrypy.quickstart()",
  ],
  [
    "CherryPy's engine",
    main,
    `${WSGI}import cherrypy\ncherrypy.config.update({"server.socket_port": port})\ncherrypy.engine.start()`,
    "cherrypy.engine.block()",
  ],
  [
    "Django's runserver",
    main,
    `${WSGI}from django.conf import settings
from django.core.management import execute_from_command_line
settings.configure(ROOT_URLCONF=__name__, DEBUG=True, SECRET_KEY="s")
urlpatterns = []`,
    'execute_from_command_line(["manage.py", "runserver", str(port), "--noreload", "--skip-checks"])',
  ],
  [
    "Django's runserver with its reloader",
    main,
    `${WSGI}from django.conf import settings
from django.core.management import execute_from_command_line
settings.configure(ROOT_URLCONF=__name__, DEBUG=True, SECRET_KEY="s")
urlpatterns = []`,
    'execute_from_command_line(["manage.py", "runserver", str(port)])',
  ],
  [
    "gunicorn",
    main,
    `${WSGI}from gunicorn.app.base import BaseApplication
class Server(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", f"127.0.0.1:{port}")
    def load(self):
        return app`,
    "Server().run()",
  ],
  [
    "gevent",
    apps,
    `from gevent import monkey\nmonkey.patch_all()\n${WSGI}from gevent.pywsgi import WSGIServer`,
    'WSGIServer(("127.0.0.1", port), app).serve_forever()',
  ],
  [
    "wsgiref under gevent",
    apps,
    `from gevent import monkey\nmonkey.patch_all()\n${WSGI}from wsgiref.simple_server import make_server\nserver = make_server("127.0.0.1", port, app)`,
    "server.serve_forever()",
  ],
  [
    "eventlet",
    apps,
    `import eventlet\neventlet.monkey_patch()\n${WSGI}import eventlet.wsgi\nlistening = eventlet.listen(("127.0.0.1", port))`,
    "eventlet.wsgi.server(listening, app)",
  ],
  [
    "Flask-SocketIO in threads",
    apps,
    `${FLASK}from flask_socketio import SocketIO\nsocketio = SocketIO(app, async_mode="threading")`,
    "socketio.run(app, port=port)",
  ],
  [
    "Flask-SocketIO on gevent",
    apps,
    `from gevent import monkey\nmonkey.patch_all()\n${FLASK}from flask_socketio import SocketIO\nsocketio = SocketIO(app)`,
    "socketio.run(app, port=port)",
  ],
  [
    "Flask-SocketIO on eventlet",
    apps,
    `import eventlet\neventlet.monkey_patch()\n${FLASK}from flask_socketio import SocketIO\nsocketio = SocketIO(app)`,
    "socketio.run(app, port=port)",
  ],
  [
    "Dash",
    apps,
    "import os, dash\nsite = dash.Dash()\napp = site.server\nport = os.environ['PORT']",
    "site.run(port=port)",
  ],
];

describe.each(SERVERS)("%s", (_, python, source, line) => {
  it("fails at the start with the file and the line of the call", async () => {
    const given = await place({ "shop.py": `${source}\n${line}\n` });
    const { message, traceback } = await failureOf("shop:app", { ...given, python: python() });
    const number = `${source}\n`.split("\n").length;
    expect(message).toBe(
      `"shop:app" starts a server of its own while it is loaded, so it would never become ready: "${line}" (${given.directory}/shop.py, line ${number}); put this line under 'if __name__ == "__main__":', so that it runs only when the file is run as a program`,
    );
    expect(traceback).toContain(`shop.py", line ${number}, in <module>\n`);
    expect(traceback).not.toContain("wsgi_bridge");
  });
});

const GUARD = `put this line under 'if __name__ == "__main__":', so that it runs only when the file is run as a program`;
const RUN =
  "from wsgiref.simple_server import make_server\n\ndef run():\n    make_server('127.0.0.1', port, app).serve_forever()\n";

it("names the call in a function, and the line of the module that leads to it", async () => {
  const given = await place({ "shop.py": `${WSGI}${RUN}run()\n`, "wsgi.py": "from shop import app\n" });
  const { message } = await failureOf("wsgi:app", given);
  const file = `${given.directory}/shop.py`;
  expect(message).toBe(
    `"wsgi:app" starts a server of its own while it is loaded, so it would never become ready: "make_server('127.0.0.1', port, app).serve_forever()" (${file}, line 12); put the line that leads to it, "run()" (${file}, line 13), under 'if __name__ == "__main__":', so that it runs only when the file is run as a program`,
  );
});

it("names the call in a factory", async () => {
  const given = await place({ "shop.py": `${WSGI}${RUN}` });
  const { message } = await failureOf("shop:run()", given);
  expect(message).toContain(`(${given.directory}/shop.py, line 12); remove this call from the factory`);
});

it("finds the call where the app catches every exception", async () => {
  const source = `${WSGI}import bottle\ntry:\n    bottle.run(app, port=port)\nexcept:\n    pass\n`;
  const given = await place({ "shop.py": source });
  expect((await failureOf("shop:app", given)).message).toContain(`"bottle.run(app, port=port)"`);
});

it("finds the call, not the error, where the port is taken", async () => {
  const taken = await listen((_req, res) => res.end("the old server"));
  onTestFinished(() => taken.close());
  const directory = folderOf({ "shop.py": `${FLASK}app.run(port=port)\n` });
  const { message } = await failureOf("shop:app", { directory, env: { PORT: String(taken.port) } });
  expect(message).toContain(`line 5); ${GUARD}`);
  expect((await rawGet(taken.port, "/")).body).toContain("the old server");
});

it("ends the process of a reloader, which would keep the port", async () => {
  const given = await place({ "shop.py": `${FLASK}app.run(port=port, debug=True)\n` });
  expect((await failureOf("shop.py:app", given)).message).toContain(`line 5); ${GUARD}`);
  await expect(fetch(`http://127.0.0.1:${given.env.PORT}/`)).rejects.toThrow("fetch failed");
});

it("is logged and tried again like any failed start, and leaves the port to others", async () => {
  const given = await place({ "shop.py": `${WSGI}${RUN}run()\n` });
  const app = startPython("shop:app", given);
  const first = await app.logger.said("starts in 0 ms");
  expect(first).toContain(
    'shop:app did not start; a new process starts in 0 ms: "shop:app" starts a server of its own',
  );
  await app.logger.said("starts in 100 ms");
  await app.close();
  await expect(fetch(`http://127.0.0.1:${given.env.PORT}/`)).rejects.toThrow("fetch failed");
});

it("Flask's own variable makes app.run() do nothing, as under `flask run`", async () => {
  const given = await place({
    "shop.py": `${FLASK}app.add_url_rule("/", "hello", lambda: "hello")\napp.run(port=port)\n`,
  });
  const { port } = await hostPython("shop:app", { ...given, env: { ...given.env, FLASK_RUN_FROM_CLI: "true" } });
  expect((await rawGet(port, "/")).body).toBe("hello");
});

/** What apps do at import that is like a server, and ends or runs beside the app. `log` is what such an app prints. */
const HARMLESS: [what: string, source: string, log?: string][] = [
  [
    "serves metrics in a thread, and imports slowly",
    `from wsgiref.simple_server import make_server
import threading, time
server = make_server("127.0.0.1", port, app)
threading.Thread(target=server.serve_forever, daemon=True).start()
time.sleep(1)`,
  ],
  [
    "runs Flask in a thread",
    "import flask, threading\nthreading.Thread(target=flask.Flask('a').run, kwargs={'port': port}, daemon=True).start()",
  ],
  ["binds a UDP socket", "import socket\nsocket.socket(type=socket.SOCK_DGRAM).bind(('127.0.0.1', port))"],
  [
    "holds a port as a lock",
    "import socket, time\nlock = socket.socket()\nlock.bind(('127.0.0.1', port))\ntime.sleep(1)",
  ],
  [
    "serves one request",
    `from wsgiref.simple_server import make_server
import threading, urllib.request
server = make_server("127.0.0.1", port, app)
threading.Thread(target=lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}").read()).start()
server.handle_request()
server.server_close()`,
  ],
  [
    "runs a server in an event loop for a while",
    `import asyncio
async def main():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", port)
    await asyncio.sleep(1)
    server.close()
asyncio.run(main())`,
  ],
  [
    "starts a manager of processes",
    "import multiprocessing\nmanager = multiprocessing.get_context('fork').Manager()\nprint(manager.dict())",
    "{}",
  ],
  [
    "serves in a child process",
    `import os, threading, time, urllib.request
from wsgiref.simple_server import make_server
server = make_server("127.0.0.1", port, app)
parent, child = os.pipe()
if os.fork() == 0:
    os.close(child)
    threading.Thread(target=lambda: (os.read(parent, 1), os._exit(0))).start()
    server.serve_forever()
server.server_close()
print("the child says", urllib.request.urlopen(f"http://127.0.0.1:{port}").read())`,
    "the child says b'hello'",
  ],
  ["starts a program", "import subprocess\nprint(subprocess.check_output(['echo', 'hello'], text=True))", "hello"],
  [
    "starts CherryPy's engine with its server",
    "import cherrypy\ncherrypy.config.update({'server.socket_port': port})\ncherrypy.engine.start()",
  ],
];

it.each(HARMLESS)("becomes ready where the app %s", async (_, source, log) => {
  const given = await place({ "shop.py": `${WSGI}${source}\n` });
  const { port, logger } = await hostPython("shop:app", given);
  expect((await rawGet(port, "/")).body).toBe("hello");
  if (log !== undefined) expect(await logger.said(log)).toBe(log);
});
