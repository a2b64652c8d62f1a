/** The handlers that are called in memory. They respond to GET with a text and to POST with the size of the body. */
import express from "express";
import Koa from "koa";

async function size(req) {
  let bytes = 0;
  for await (const piece of req) bytes += piece.length;
  return String(bytes);
}

const HELLO = "Hello, World!";

export const HANDLERS = {
  bare: () => async (req, res) => {
    res.setHeader("Content-Type", "text/plain");
    res.end(req.method === "GET" ? HELLO : await size(req));
  },
  express: () =>
    express()
      .get("/", (_req, res) => res.send(HELLO))
      .post("/", async (req, res) => res.send(await size(req))),
  koa: () => {
    const app = new Koa();
    app.use(async (ctx) => {
      ctx.body = ctx.method === "GET" ? HELLO : await size(ctx.req);
    });
    return app.callback();
  },
};
