/** Koa itself and its best-known middleware. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type Koa from "koa";
import { koaBody } from "koa-body";
import bodyParser from "koa-bodyparser";
import compress from "koa-compress";
import conditional from "koa-conditional-get";
import etag from "koa-etag";
import mount from "koa-mount";
import Router from "koa-router";
import send from "koa-send";
import session from "koa-session";
import serve from "koa-static";
import views from "koa-views";
import { get, head, MULTIPART, multipart, post, request, withCookies } from "../requests.ts";
import type { KoaRow } from "../types.ts";

const FILES = fileURLToPath(new URL("../files", import.meta.url));
const silent = (app: Koa): Koa => Object.assign(app, { silent: true });
type Parsed = { request: { body?: unknown } };

export const KOA: readonly KoaRow[] = [
  {
    title: "bodies of every kind",
    build: (Framework) => {
      const bodies: Record<string, () => unknown> = {
        "/text": () => "text",
        "/html": () => "<p>html",
        "/json": () => ({ a: [1] }),
        "/buffer": () => Buffer.from([0, 255]),
        "/stream": () => Readable.from(["a", "b"]),
        "/file": () => createReadStream(`${FILES}/a.txt`),
        "/null": () => null,
        "/empty": () => "",
      };
      return silent(new Framework()).use((ctx) => {
        const make = bodies[ctx.path];
        if (make !== undefined) ctx.body = make();
      });
    },
    steps: ["text", "html", "json", "buffer", "stream", "file", "null", "empty", "none"].flatMap((name) => {
      const status = { null: 204, none: 404 }[name] ?? 200;
      return [[status, get(`/${name}`)] as const, ...(name === "file" ? [] : [[status, head(`/${name}`)] as const])];
    }),
  },
  {
    title: "the context",
    build: (Framework) =>
      silent(Object.assign(new Framework(), { proxy: true })).use((ctx) => {
        ctx.body = [
          ctx.ip,
          ctx.ips,
          ctx.protocol,
          ctx.host,
          ctx.hostname,
          ctx.path,
          ctx.query,
          ctx.querystring,
          ctx.originalUrl,
          ctx.href,
          ctx.fresh,
          { ...ctx.headers, connection: undefined }, // a hop-by-hop field, which WSGI does not pass to apps
        ];
      }),
    steps: [
      [200, get("/a/%20b?c=d&c=e")],
      [200, get("/", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: other.test")],
    ],
  },
  {
    title: "throw, redirect, cookies, status, and respond = false",
    build: (Framework) =>
      silent(new Framework()).use((ctx) => {
        if (ctx.path === "/throw") ctx.throw(418, "short and stout");
        else if (ctx.path === "/fails") throw new Error("hidden");
        else if (ctx.path === "/redirect") ctx.redirect("/else where");
        else if (ctx.path === "/status") ctx.status = 202;
        else if (ctx.path === "/message") {
          ctx.status = 200;
          ctx.message = "Fine";
          ctx.body = "x";
        } else if (ctx.path === "/own") {
          ctx.respond = false;
          ctx.res.writeHead(200, { "X-A": "1" }).end("own");
        } else {
          ctx.cookies.set("a", "1");
          ctx.cookies.set("b", "2");
          ctx.append("X-A", "1");
          ctx.body = ctx.cookies.get("in") ?? "";
        }
      }),
    steps: [
      [418, get("/throw"), /short and stout/],
      [500, get("/fails"), /Internal Server Error/],
      [302, get("/redirect")],
      [202, get("/status")],
      [200, get("/message")],
      [200, get("/own"), /own/],
      [200, get("/", "Cookie: in=x"), /set-cookie: b=2/],
    ],
  },
  {
    title: "koa-bodyparser",
    build: (Framework) =>
      silent(new Framework())
        .use(bodyParser())
        .use((ctx) => {
          ctx.body = (ctx as Parsed).request.body ?? {};
        }),
    steps: [
      [200, post("/", "application/json", '{"a":1}'), /"a":1/],
      [200, post("/", "application/x-www-form-urlencoded", "a=1"), /"a":"1"/],
      [400, post("/", "application/json", "{")],
      [200, get("/")],
    ],
  },
  {
    title: "koa-body",
    build: (Framework) =>
      silent(new Framework())
        .use(koaBody({ multipart: true }) as Koa.Middleware)
        .use((ctx) => {
          const { body, files } = ctx.request as unknown as { body: unknown; files?: Record<string, { size: number }> };
          ctx.body = [
            body ?? null,
            Object.entries(files ?? {})
              .map(([name, { size }]) => [name, size])
              .sort(),
          ];
        }),
    steps: [
      [
        200,
        post("/", MULTIPART, multipart(['name="a"', "text/plain", "1"], ['name="f"; filename="f"', "a/b", "12345"])),
        /"f",5/,
      ],
      [200, post("/", "application/json", '{"a":1}')],
      [200, post("/", "text/plain", "text")],
    ],
  },
  {
    title: "koa-send and koa-static",
    build: (Framework) =>
      silent(new Framework())
        .use(async (ctx, next) => {
          if (ctx.path === "/send") await send(ctx, "a.txt", { root: FILES });
          else await next();
        })
        .use(serve(FILES)),
    steps: [
      [200, get("/send"), /hello file/],
      [200, get("/a.txt")],
      [200, head("/a.txt")],
      [404, get("/.hidden")],
      [404, get("/none")],
    ],
  },
  {
    title: "koa-router",
    build: (Framework) => {
      const router = new Router()
        .get("/a/:id", (ctx) => {
          ctx.body = (ctx as unknown as { params: object }).params;
        })
        .post("/a/:id", (ctx) => {
          ctx.body = "posted";
        });
      return silent(new Framework()).use(router.routes()).use(router.allowedMethods());
    },
    steps: [
      [200, get("/a/%C3%A9")],
      [405, request("PUT", "/a/1")],
      [200, request("OPTIONS", "/a/1"), /allow/],
      [501, request("PURGE", "/a/1")],
    ],
  },
  {
    title: "koa-session",
    build: (Framework) => {
      const app = silent(Object.assign(new Framework(), { keys: ["k"] }));
      return app.use(session({ maxAge: "session" }, app) as Koa.Middleware).use((ctx) => {
        const held = (ctx as unknown as { session: { count?: number } }).session;
        held.count = (held.count ?? 0) + 1;
        ctx.body = String(held.count);
      });
    },
    steps: [
      [200, get("/"), /set-cookie: koa\.sess/],
      [200, withCookies(get("/")), /\n2$/],
    ],
  },
  {
    title: "koa-compress, koa-conditional-get and koa-etag",
    build: (Framework) =>
      silent(new Framework())
        .use(compress({ threshold: 100 }) as Koa.Middleware)
        .use(conditional() as Koa.Middleware)
        .use(etag() as Koa.Middleware)
        .use((ctx) => {
          ctx.body = ctx.path === "/stream" ? Readable.from(["a".repeat(200), "b"]) : "large ".repeat(100);
          if (ctx.path === "/stream") ctx.type = "text";
        }),
    steps: [
      [200, get("/", "Accept-Encoding: gzip"), /content-encoding: gzip/],
      [200, get("/stream", "Accept-Encoding: gzip"), /content-encoding: gzip/],
      [200, get("/", "Accept-Encoding: identity"), /etag/],
      [
        304,
        (before) =>
          get(
            "/",
            `If-None-Match: ${before
              .at(-1)
              ?.headers.find((one) => one.startsWith("etag: "))
              ?.slice(6)}`,
          ),
      ],
    ],
  },
  {
    title: "koa-mount",
    build: (Framework) => {
      const inner = silent(new Framework()).use((ctx) => {
        ctx.body = [ctx.path, ctx.originalUrl, ctx.mountPath];
      });
      return silent(new Framework()).use(mount("/m", inner));
    },
    steps: [
      [200, get("/m/a"), /"\/a","\/m\/a","\/m"/],
      [200, get("/m")],
      [404, get("/mm")],
    ],
  },
  {
    title: "koa-views",
    build: (Framework) =>
      silent(new Framework())
        .use(views(FILES, { extension: "ejs" }) as Koa.Middleware)
        .use(async (ctx) => {
          await (ctx as unknown as { render(name: string, locals: object): Promise<void> }).render("page", {
            title: "a < b",
          });
        }),
    steps: [[200, get("/"), /a &lt; b/]],
  },
];
