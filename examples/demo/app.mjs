/** One Express app with native routes, Bottle, Flask and a WSGI app in JavaScript. */
import { fileURLToPath } from "node:url";
import express from "express";
import { fromWsgi } from "wsgi-bridge";
import { pythonApp } from "wsgi-bridge/python";
import { ensurePython } from "../../scripts/python-env.mjs";
import { hello } from "./hello.mjs";

export function createDemo() {
  const legacy = { directory: fileURLToPath(new URL("legacy", import.meta.url)), python: ensurePython() };
  const shop = pythonApp("shop:app", legacy); // Bottle: legacy/shop.py
  const blog = pythonApp("blog:app", { ...legacy, processes: 1 }); // Flask: legacy/blog.py

  const app = express();
  app.get("/health", (_req, res) => res.json({ ok: true, servedBy: "Express" })); // already migrated
  app.use("/js", fromWsgi(hello)); // a WSGI app in JavaScript
  app.use("/flask", fromWsgi(blog)); // Flask gets SCRIPT_NAME "/flask", so its links are right
  app.use(fromWsgi(shop)); // all other paths: still Python

  return {
    app,
    /** Resolves when every Python process has loaded its application. */
    ready: () => Promise.all([shop.ready(), blog.ready()]),
    /** Resolves when every Python process has exited. */
    close: () => Promise.all([shop.close(), blog.close()]),
  };
}
