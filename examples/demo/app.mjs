/** One Express app with four kinds of neighbour: native routes, Bottle, Flask and a WSGI app in JavaScript. */
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
  app.use("/js", fromWsgi(hello)); // WSGI, but JavaScript
  app.use("/flask", fromWsgi(blog)); // Flask sees SCRIPT_NAME "/flask", so its links come out right
  app.use(fromWsgi(shop)); // everything that Express does not have: still Python

  return {
    app,
    /** Resolves when every Python process has loaded its application. */
    ready: () => Promise.all([shop.ready(), blog.ready()]),
    /** Resolves when every Python process is gone. */
    close: () => Promise.all([shop.close(), blog.close()]),
  };
}
