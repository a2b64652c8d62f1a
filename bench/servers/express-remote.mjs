/** Express with a Python app on another server, over FastCGI or uwsgi. */
import express from "express";
import { fromWsgi } from "wsgi-bridge";
import { fastcgiApp } from "wsgi-bridge/fastcgi";
import { uwsgiApp } from "wsgi-bridge/uwsgi";
import { serve, settings } from "./serve.mjs";

const { protocol, host } = new URL(settings.upstream);
const maxConnections = settings.processes * settings.threads;
const wsgi = (protocol === "uwsgi:" ? uwsgiApp : fastcgiApp)(host, { maxConnections });
const app = express();
app.use(fromWsgi(wsgi));
await serve(app, { ready: async () => {}, close: () => wsgi.close() });
