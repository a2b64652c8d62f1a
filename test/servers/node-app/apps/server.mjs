import { existsSync, writeFileSync } from "node:fs";
import express from "express";
import Koa from "koa";
export const app = express();
app.get("/hello", (req, res) => res.type("text").send(`hello from ${req.baseUrl}${req.url}`));
app.post("/echo", (req, res) => {
  res.type("application/octet-stream");
  req.pipe(res);
});
app.get("/boom", () => {
  throw new Error("boom");
});
app.get("/die", () => process.exit(7));
app.get("/die-once", (_req, res) => {
  if (existsSync("died")) res.type("text").send("alive");
  else process.exit(writeFileSync("died", "") ?? 7);
});
app.post("/die", () => process.exit(7));
app.get("/cut", (_req, res) => {
  res.type("text");
  res.write("part");
  setImmediate(() => res.destroy());
});
app.get("/hang", () => {});
app.get("/spin", () => {
  for (;;);
});
app.get("/long-head", (_req, res) => res.set("X-Long", "x".repeat(300_000)).send("ok"));
app.get("/pid", (_req, res) => res.type("text").send(String(process.pid)));
app.get("/stall", (_req, res) => res.type("text").write("begun"));
const released = {};
released.promise = new Promise((resolve) => Object.assign(released, { resolve }));
app.get("/events", (_req, res) => {
  res.type("text/event-stream").write("data: first\n\n");
  released.promise.then(() => res.end("data: last\n\n"));
});
app.get("/release", (_req, res) => {
  released.resolve();
  res.type("text").send("released");
});
app.get("/ticks", (_req, res) => {
  res.type("text");
  const go = () => (res.write("x".repeat(1000)) ? setImmediate(go) : res.once("drain", go));
  go();
  res.on("close", () => left.resolve());
});
const left = {};
left.promise = new Promise((resolve) => {
  left.resolve = resolve;
});
app.get("/left", async (_req, res) => {
  await left.promise;
  res.type("text").send("it was heard");
});
export const koa = new Koa();
koa.use((ctx) => {
  ctx.body = `koa ${ctx.originalUrl}`;
});
export function bare(req, res) {
  if (req.url === "/throw") throw new TypeError("bare");
  res.setHeader("Content-Type", "text/plain");
  res.end("bare");
}
// biome-ignore lint/style/noDefaultExport: a target without a name is the default export
export default app;
