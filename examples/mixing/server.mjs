/** Express 4, Express 5 and Koa inside each other in one server: `npm run build && node examples/mixing/server.mjs` */
import express from "express";
import express4 from "express4";
import Koa from "koa";
import mount from "koa-mount";
import { fromWsgi, toWsgi } from "wsgi-bridge";
import { fromWsgi as koaFromWsgi, toWsgi as koaToWsgi } from "wsgi-bridge/koa";
import { basicAuth } from "./basic-auth.mjs";

const blog = new Koa(); // a Koa app …
blog.use((ctx) => {
  ctx.body = `Koa at ${ctx.path} of ${ctx.originalUrl}\n`;
});

const old = express4(); // … an app that needs Express 4 …
old.get("/orders/:id", (req, res) => res.send(`Express 4: order ${req.params.id} below ${req.baseUrl}\n`));

const admin = express(); // … an app that needs a login …
admin.get("/", (req, res) => res.send(`Hello, ${req.get("X-User")}\n`));

const wiki = new Koa(); // … and Koa with Express 5 in it
const page = express();
page.get("/page", (req, res) => res.send(`Express 5 in Koa in Express, at ${req.originalUrl}\n`));
wiki.use(mount("/deep", koaFromWsgi(toWsgi(page))));

const app = express();
app.use("/blog", fromWsgi(koaToWsgi(blog)));
app.use("/old", fromWsgi(toWsgi(old)));
app.use("/admin", fromWsgi(basicAuth(toWsgi(admin), { ada: "lovelace" })));
app.use("/wiki", fromWsgi(koaToWsgi(wiki)));

const server = app.listen(process.env.PORT ?? 3000, () => console.log(`http://localhost:${server.address().port}/`));
