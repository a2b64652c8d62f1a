/** Express itself: routing, errors, the methods of its response, and those of Node's response. */
import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { get, head, request } from "../requests.ts";
import type { ExpressRow } from "../types.ts";

const FILES = fileURLToPath(new URL("../files", import.meta.url));

/** Removes the hop-by-hop fields, which WSGI does not pass to apps (PEP 3333, "Other HTTP Features"). */
const passedOn = ({ connection: _, ...others }: IncomingHttpHeaders): IncomingHttpHeaders => others;

export const EXPRESS: readonly ExpressRow[] = [
  {
    title: "routers, nested and mounted",
    build: (express) => {
      const inner = express.Router({ mergeParams: true });
      inner.get("/c", (req, res) => res.json([req.baseUrl, req.url, req.originalUrl, req.path, req.params]));
      const outer = express.Router();
      outer.use("/b/:id", inner);
      const sub = express();
      sub.get("/", (req, res) => res.json([req.baseUrl, req.url, sub.mountpath, sub.path()]));
      return express().use("/a", outer).use("/sub", sub);
    },
    steps: [
      [200, get("/a/b/7/c?q=%20&r=1"), /"\/a\/b\/7"/],
      [200, get("/sub"), /"\/sub"/],
      [200, get("/sub/?x")],
      [404, get("/a/b")],
    ],
  },
  {
    title: "the properties of a request",
    build: (express) => {
      const app = express().set("trust proxy", true);
      return app.use((req, res) =>
        res.json([
          req.ip,
          req.ips,
          req.protocol,
          req.secure,
          req.hostname,
          req.xhr,
          req.query,
          req.httpVersion,
          req.subdomains,
          req.get("referer"),
          passedOn(req.headers),
        ]),
      );
    },
    steps: [
      [200, get("/x?a[]=1&a[]=2", "X-Requested-With: XMLHttpRequest", "Referer: http://r/")],
      [
        200,
        get(
          "/%E4%F6?%E4",
          "X-Forwarded-For: 192.0.2.7, 192.0.2.8",
          "X-Forwarded-Proto: https",
          "X-Forwarded-Host: other.test",
        ),
      ],
    ],
  },
  {
    title: "errors",
    build: (express, log) => {
      const app = express();
      app.get("/throws", () => {
        throw Object.assign(new Error("thrown"), { status: 418 });
      });
      app.get("/next", (_req, _res, next) => next(new Error("given on")));
      app.get("/late", (_req, res, next) => {
        res.write("begun");
        setImmediate(() => next(new Error("late")));
      });
      app.use(
        (
          error: Error & { status?: number },
          _req: unknown,
          res: import("express").Response,
          next: (error: Error) => void,
        ) => {
          log(error.message);
          if (res.headersSent) next(error);
          else res.status(error.status ?? 500).json({ error: error.message });
        },
      );
      return app.set("env", "test");
    },
    steps: [
      [418, get("/throws"), /thrown/],
      [500, get("/next"), /given on/],
      [200, get("/late")],
      [404, get("/none")],
      [404, request("POST", "/none", [], "x")],
    ],
    lines: 3,
  },
  {
    title: "a handler that rejects",
    only: "5",
    build: (express) => {
      const app = express().set("env", "test");
      return app.get("/", async () => {
        throw new Error("rejected");
      });
    },
    steps: [[500, get("/")]],
  },
  {
    title: "the response's methods",
    build: (express) => {
      const app = express().set("views", FILES).set("view engine", "ejs");
      app.get("/redirect", (_req, res) => res.redirect("/else where?a=\xe9"));
      app.get("/back", (_req, res) => res.redirect(303, "http://other.test/"));
      app.get("/file", (_req, res) => res.sendFile(`${FILES}/a.txt`));
      app.get("/download", (_req, res) => res.download(`${FILES}/a.txt`, "na\xefve \u2713.txt"));
      app.get("/jsonp", (_req, res) => res.jsonp({ a: 1 }));
      app.get("/format", (_req, res) => res.format({ text: () => res.send("text"), json: () => res.json("json") }));
      app.get("/cookie", (_req, res) => {
        res.cookie("a", "1", { httpOnly: true, path: "/" }).cookie("b", "2").clearCookie("c").send("x");
      });
      app.get("/attachment", (_req, res) => res.attachment("a b.png").send(Buffer.from([0, 255])));
      app.get("/status", (_req, res) => res.sendStatus(418));
      app.get("/links", (_req, res) => res.links({ next: "/2" }).vary("A").vary("B").append("X-A", ["1", "2"]).send());
      app.get("/view", (_req, res) => res.render("page", { title: "a < b" }));
      app.get("/etag", (_req, res) => res.send("the same"));
      app.get("/204", (_req, res) => res.status(204).send("dropped"));
      app.get("/304", (_req, res) => res.status(304).send("dropped"));
      app.get("/205", (_req, res) => res.status(205).send("dropped"));
      app.get("/null", (_req, res) => res.send());
      app.get("/latin1", (_req, res) => res.set("X-A", "\xe9").send("\xe9"));
      return app;
    },
    steps: [
      [302, get("/redirect", "Accept: text/html"), /location/],
      [303, get("/back")],
      [200, get("/file"), /hello file/],
      [206, get("/file", "Range: bytes=1-2")],
      [200, get("/download"), /filename\*=/],
      [200, get("/jsonp?callback=f"), /typeof f/],
      [200, get("/format", "Accept: application/json"), /"json"/],
      [406, get("/format", "Accept: image/png")],
      [200, get("/cookie"), /set-cookie: b=2/],
      [200, get("/attachment")],
      [418, get("/status")],
      [200, get("/links"), /x-a: 2/],
      [200, get("/view"), /a &lt; b/],
      [200, get("/etag")],
      [
        304,
        (before) =>
          get(
            "/etag",
            `If-None-Match: ${before
              .at(-1)
              ?.headers.find((one) => one.startsWith("etag: "))
              ?.slice(6)}`,
          ),
      ],
      [204, get("/204")],
      [304, get("/304")],
      [205, get("/205")],
      [200, get("/null")],
      [200, get("/latin1")],
      [200, head("/view")],
      [200, head("/etag")],
      [200, request("OPTIONS", "/etag"), /allow: GET, ?HEAD/],
    ],
  },
  {
    title: "the methods of Node's response",
    build: (express) => {
      const app = express();
      app.get(
        "/object",
        (_req, res) => void res.writeHead(201, "Made", { "X-A": "1", "Set-Cookie": ["a=1", "b=2"] }).end("x"),
      );
      app.get("/array", (_req, res) => void res.writeHead(200, ["X-A", "1", "X-A", "2"] as never).end("x"));
      app.get("/written", (_req, res) => {
        res.write("a");
        res.write(Buffer.from("b"));
        res.end("c");
      });
      app.get("/sized", (_req, res) => {
        res.setHeader("Content-Length", 3);
        res.write("a");
        res.end("bc");
      });
      app.get("/piped", (_req, res) => void Readable.from(["a", "b".repeat(100_000)]).pipe(res));
      app.get("/empty", (_req, res) => void res.end());
      app.get("/hex", (_req, res) => void res.end("00ff", "hex"));
      app.get("/later", (_req, res) => void setImmediate(() => res.end("later")));
      app.get("/flushed", (_req, res) => {
        res.flushHeaders();
        setImmediate(() => res.end("x"));
      });
      app.get("/hints", (_req, res) => {
        res.set("X-A", "1");
        res.end("x");
      });
      app.get("/bodyless", (_req, res) => void res.writeHead(204).end());
      app.get("/reason", (_req, res) => {
        res.statusMessage = "My Own";
        res.end();
      });
      app.get("/destroyed", (_req, res) => void res.destroy());
      app.get("/half", (_req, res) => {
        res.write("half");
        setImmediate(() => res.destroy());
      });
      return app;
    },
    steps: [
      "object",
      "array",
      "written",
      "sized",
      "piped",
      "empty",
      "hex",
      "later",
      "flushed",
      "hints",
      "bodyless",
      "reason",
    ].flatMap((name) => {
      const status = name === "object" ? 201 : name === "bodyless" ? 204 : 200;
      return [
        [status, get(`/${name}`)],
        [status, head(`/${name}`)],
      ] as const;
    }),
  },
  {
    title: "an app that destroys its connection during the response",
    build: (express) =>
      express().get("/", (_req, res) => {
        res.write("half");
        setImmediate(() => res.destroy());
      }),
    steps: [[200, get("/")]],
  },
];
