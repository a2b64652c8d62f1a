/** The best-known middleware of Express, each with its main feature. */
import { fileURLToPath } from "node:url";
import compression from "compression";
import cookieParser from "cookie-parser";
import cookieSession from "cookie-session";
import cors from "cors";
import Tokens from "csrf";
import type { Request } from "express";
import session from "express-session";
import helmet from "helmet";
import methodOverride from "method-override";
import morgan from "morgan";
import passport from "passport";
import responseTime from "response-time";
import serveIndex from "serve-index";
import vhost from "vhost";
import { get, head, request, withCookies } from "../requests.ts";
import type { ExpressRow } from "../types.ts";

const FILES = fileURLToPath(new URL("../files", import.meta.url));
type Counted = Request & {
  session: { count?: number } | null;
  user?: { id: string };
  cookies: object;
  signedCookies: object;
};

const SESSION_ID = { pattern: /connect\.sid=[^;]+/g, because: "the id of a session is random" };
const EXPIRES = { pattern: /expires=[^;]+/g, because: "it hangs on the time" };
const gzip = "Accept-Encoding: gzip";

export const MIDDLEWARE: readonly ExpressRow[] = [
  {
    title: "cookie-parser",
    build: (express) =>
      express().use(cookieParser("secret"), (req, res) =>
        res.json([(req as Counted).cookies, (req as Counted).signedCookies]),
      ),
    steps: [[200, get("/", 'Cookie: a=1; b=%20; j=j:{"k":1}; s=s:x.bad'), /"a":"1"/]],
  },
  {
    title: "express-session",
    build: (express) => {
      const app = express().use(session({ secret: "s", resave: false, saveUninitialized: true }));
      return app.get("/", (req, res) => {
        const held = (req as Counted).session as { count?: number };
        held.count = (held.count ?? 0) + 1;
        res.send(String(held.count));
      });
    },
    steps: [
      [200, get("/"), /set-cookie: \*; Path/],
      [200, withCookies(get("/")), /\n2$/],
    ],
    masks: [SESSION_ID],
  },
  {
    title: "cookie-session",
    build: (express) => {
      const app = express().use(cookieSession({ keys: ["k"], maxAge: 1000 }));
      return app.get("/", (req, res) => {
        const held = (req as Counted).session as { count?: number };
        held.count = (held.count ?? 0) + 1;
        res.send(String(held.count));
      });
    },
    steps: [
      [200, get("/"), /set-cookie: session=/],
      [200, withCookies(get("/")), /\n2$/],
    ],
    masks: [EXPIRES],
  },
  {
    title: "passport",
    build: (express) => {
      const guard = new passport.Passport();
      guard.serializeUser((user, done) => done(null, user));
      const app = express().use(
        session({ secret: "s", resave: false, saveUninitialized: false }),
        guard.initialize(),
        guard.session(),
      );
      return app.get("/", (req, res) => res.json({ user: (req as Counted).user ?? null }));
    },
    steps: [[200, get("/"), /"user":null/]],
  },
  {
    title: "compression",
    build: (express) => {
      const app = express().use(compression({ threshold: 100 }));
      app.get("/large", (_req, res) => res.send("large ".repeat(1000)));
      app.get("/small", (_req, res) => res.send("small"));
      app.get("/events", (_req, res) => {
        res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-transform" });
        res.write("data: 1\n\n");
        setImmediate(() => res.end("data: 2\n\n"));
      });
      return app.get("/written", (_req, res) => {
        res.type("text");
        res.write("a".repeat(200));
        (res as unknown as { flush(): void }).flush();
        res.end("b".repeat(200));
      });
    },
    steps: [
      [200, get("/large", gzip), /content-encoding: gzip/],
      [200, get("/large", "Accept-Encoding: deflate"), /deflate/],
      [200, get("/large", "Accept-Encoding: br"), /content-encoding: br/],
      [200, get("/large")],
      [200, head("/large", gzip)],
      [200, get("/small", gzip)],
      [200, get("/events", gzip), /data: 2/],
      [200, get("/written", gzip)],
    ],
  },
  {
    title: "serve-static and send",
    build: (express) => express().use("/s", express.static(FILES, { etag: true, lastModified: true, maxAge: 1000 })),
    steps: [
      [200, get("/s/a.txt"), /hello file/],
      [200, head("/s/a.txt"), /content-length: 48/],
      [206, get("/s/a.txt", "Range: bytes=0-4"), /content-range: bytes 0-4\/48/],
      [206, get("/s/a.txt", "Range: bytes=-5")],
      [206, head("/s/a.txt", "Range: bytes=0-4")],
      [200, get("/s/a.txt", "Range: bytes=0-1,4-5")],
      [416, get("/s/a.txt", "Range: bytes=100-")],
      [200, get("/s/a.txt", "Range: bytes=0-4", 'If-Range: "other"')],
      [304, (before) => get("/s/a.txt", `If-None-Match: ${field(before, "etag")}`)],
      [304, (before) => get("/s/a.txt", `If-Modified-Since: ${field(before, "last-modified")}`)],
      [412, get("/s/a.txt", 'If-Match: "other"')],
      [404, get("/s/none.txt")],
      [404, get("/s/.hidden")],
      [404, get("/s/../requests.ts")],
      [404, get("/s/%2e%2e/requests.ts")],
      [404, request("POST", "/s/a.txt")],
      [301, get("/s"), /location: \/s\//],
    ],
  },
  {
    title: "serve-index",
    build: (express) => express().use("/f", serveIndex(FILES)),
    steps: [
      [200, get("/f/", "Accept: application/json"), /a\.txt/],
      [200, get("/f/", "Accept: text/html")],
      [200, get("/f/", "Accept: text/plain")],
    ],
  },
  {
    title: "morgan",
    build: (express, log) => {
      const stream = { write: (line: string) => log(line) };
      const app = express().use(
        morgan(":method :url :status :res[content-length] :http-version :remote-addr", { stream }),
      );
      app.get("/ok", (_req, res) => res.send("ok"));
      return app.get("/stream", (_req, res) => {
        res.write("a");
        res.end();
      });
    },
    steps: [
      [200, get("/ok")],
      [404, get("/none?x=1")],
      [200, get("/stream")],
    ],
    lines: 3,
  },
  {
    title: "helmet",
    build: (express) => express().use(helmet(), (_req, res) => res.send("x")),
    steps: [[200, get("/"), /strict-transport-security/]],
  },
  {
    title: "cors",
    build: (express) => {
      const app = express().use(cors({ origin: /site\.test$/, credentials: true, optionsSuccessStatus: 200 }));
      return app.put("/", (_req, res) => res.send("put"));
    },
    steps: [
      [
        200,
        request("OPTIONS", "/", ["Origin: http://site.test", "Access-Control-Request-Method: PUT"]),
        /access-control-allow-origin/,
      ],
      [200, request("PUT", "/", ["Origin: http://site.test"], "x")],
      [200, request("PUT", "/", ["Origin: http://evil"], "x")],
    ],
  },
  {
    title: "csrf tokens",
    build: (express) => {
      const tokens = new Tokens();
      const app = express().use(cookieParser(), express.urlencoded({ extended: false }));
      app.get("/", (_req, res) => res.cookie("secret", "s3cret").send("form"));
      return app.post("/", (req, res) => {
        const secret = ((req as Counted).cookies as { secret?: string }).secret ?? "";
        const good = tokens.verify(secret, String(req.body.token ?? ""));
        res.status(good ? 200 : 403).send(good ? "done" : "no");
      });
    },
    steps: [
      [200, get("/")],
      [403, withCookies(request("POST", "/", ["Content-Type: application/x-www-form-urlencoded"], "token=bad"))],
      [
        200,
        withCookies(
          request(
            "POST",
            "/",
            ["Content-Type: application/x-www-form-urlencoded"],
            `token=${encodeURIComponent(new Tokens().create("s3cret"))}`,
          ),
        ),
        /done/,
      ],
    ],
  },
  {
    title: "method-override",
    build: (express) => {
      const app = express().use(methodOverride("X-HTTP-Method-Override"));
      return app.put("/", (req, res) =>
        res.send(`${req.method} ${(req as Request & { originalMethod: string }).originalMethod}`),
      );
    },
    steps: [[200, request("POST", "/", ["X-HTTP-Method-Override: PUT"], "x"), /PUT POST/]],
  },
  {
    title: "vhost",
    build: (express) => {
      const inner = express().get("/", (req, res) => res.send(`inner ${req.hostname}`));
      return express().use(vhost("site.test", inner), (_req, res) => res.send("other"));
    },
    steps: [[200, get("/"), /inner site\.test/]],
  },
  {
    title: "response-time",
    build: (express) => express().use(responseTime(), (_req, res) => res.send("x")),
    steps: [[200, get("/"), /^\*$/m]],
    masks: [{ pattern: /x-response-time: [\d.]+ms/g, because: "it is a time" }],
  },
];

function field(before: readonly { headers: readonly string[] }[], name: string): string {
  return before[0]?.headers.find((one) => one.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
}
