/** Request bodies: Express's own parsers, uploads, and how they handle invalid bodies. */
import { gzipSync } from "node:zlib";
import busboy from "busboy";
import type { Application, Request, RequestHandler, Response } from "express";
import multer from "multer";
import { MULTIPART, multipart, post, postChunked, request } from "../requests.ts";
import type { ExpressRow } from "../types.ts";

const JSON_TYPE = "application/json";
const FORM = "application/x-www-form-urlencoded";

const show = (req: Request, res: Response): void => {
  const body: unknown = Buffer.isBuffer(req.body) ? `bytes ${req.body.toString("latin1")}` : req.body;
  res.json({
    body: body ?? "none",
    length: req.get("content-length") ?? null,
    coding: req.get("transfer-encoding") ?? null,
  });
};
const routed = (app: Application, ...use: RequestHandler[]): Application => {
  app.use(use);
  app.all("/", show);
  return app;
};
const zipped = gzipSync('{"zipped":true}').toString("latin1");
const form = multipart(
  ['name="title"', "text/plain", "a title"],
  ['name="file"; filename="a.bin"', "application/octet-stream", "\x00\xff\r\n--not"],
);

export const PARSERS: readonly ExpressRow[] = [
  {
    title: "express.json",
    build: (express) => routed(express(), express.json({ limit: 100 })),
    steps: [
      [200, post("/", JSON_TYPE, '{"a":[1,2]}'), /"a":\[1,2\]/],
      [200, post("/", `${JSON_TYPE}; charset=utf-8`, '{"a":"\xc3\xa9"}')],
      [400, post("/", JSON_TYPE, '{"a":')],
      [413, post("/", JSON_TYPE, `"${"x".repeat(200)}"`)],
      [200, postChunked("/", JSON_TYPE, ['{"a"', ":1}"]), /"a":1/],
      [200, post("/", JSON_TYPE, "")],
      [200, postChunked("/", JSON_TYPE, [])],
      [200, post("/", JSON_TYPE, zipped, "Content-Encoding: gzip"), /zipped/],
      [415, post("/", JSON_TYPE, "x", "Content-Encoding: nonsense")],
      [415, post("/", `${JSON_TYPE}; charset=nonsense`, "{}")],
      [200, request("POST", "/", [], "untyped")],
      [200, request("GET", "/")],
      [200, request("DELETE", "/")],
    ],
  },
  {
    title: "express.urlencoded",
    build: (express) => routed(express(), express.urlencoded({ extended: true, parameterLimit: 5 })),
    steps: [
      [200, post("/", FORM, "a[b]=1&c=%C3%A9+d"), /"b":"1"/],
      [413, post("/", FORM, "a=1&b=2&c=3&d=4&e=5&f=6")],
      [200, postChunked("/", FORM, ["a=", "1"])],
    ],
  },
  {
    title: "express.raw and express.text",
    build: (express) => routed(express(), express.raw({ type: "application/octet-stream" }), express.text()),
    steps: [
      [200, post("/", "application/octet-stream", "\x00\xff\r\n"), /bytes/],
      [200, post("/", "text/plain; charset=utf-8", "\xc3\xa9")],
      [200, post("/", "text/plain", "")],
    ],
  },
  {
    title: "multer",
    build: (express) => {
      const app = express();
      const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: 100 } });
      app.post("/", upload.any(), (req, res) => {
        const files = (req as unknown as { files: { originalname: string; buffer: Buffer }[] }).files;
        res.json([req.body, files.map(({ originalname, buffer }) => [originalname, buffer.toString("hex")])]);
      });
      app.post("/single", upload.single("other"), show);
      return app;
    },
    steps: [
      [200, post("/", MULTIPART, form), /a\.bin/],
      [200, postChunked("/", MULTIPART, [form.slice(0, 50), form.slice(50)]), /a\.bin/],
      [500, post("/single", MULTIPART, form)],
      [500, post("/", MULTIPART, multipart(['name="file"; filename="b"', "text/plain", "x".repeat(200)]))],
      [500, post("/", MULTIPART, form.slice(0, -20))],
    ],
  },
  {
    title: "busboy",
    build: (express) => {
      const app = express();
      app.post("/", (req, res) => {
        const seen: unknown[] = [];
        const parser = busboy({ headers: req.headers })
          .on("field", (name: string, value: string) => seen.push([name, value]))
          .on("file", (name: string, file: NodeJS.ReadableStream) => {
            let size = 0;
            file.on("data", (part: Buffer) => {
              size += part.length;
            });
            file.on("end", () => seen.push([name, size]));
          })
          .on("close", () => res.json(seen));
        req.pipe(parser);
      });
      return app;
    },
    steps: [[200, post("/", MULTIPART, form), /a title/]],
  },
  {
    title: "a request that is piped back",
    build: (express) => {
      const app = express();
      app.post("/", (req, res) => void req.pipe(res));
      return app;
    },
    steps: [
      [200, post("/", "a/b", "x".repeat(300_000))],
      [200, postChunked("/", "a/b", ["a", "b".repeat(100_000)])],
      [200, post("/", "a/b", "")],
    ],
  },
];
