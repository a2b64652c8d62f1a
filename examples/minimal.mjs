/** The smallest example: a Bottle site in Express. `npm run setup && npm run build && node examples/minimal.mjs` */
import express from "express";
import { fromWsgi } from "wsgi-bridge";
import { pythonApp } from "wsgi-bridge/python";

const shop = pythonApp("shop:app", {
  directory: `${import.meta.dirname}/demo/legacy`,
  virtualenv: `${import.meta.dirname}/../.venv`,
});

const app = express();
app.get("/health", (_req, res) => res.json({ ok: true })); // already migrated
app.use(fromWsgi(shop)); // everything else: still Python
app.listen(3000, () => console.log("http://localhost:3000/"));
