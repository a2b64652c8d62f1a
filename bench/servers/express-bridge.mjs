/** Express with the Python app mounted by wsgi-bridge. */
import express from "express";
import { fromWsgi } from "wsgi-bridge";
import { pythonApp } from "wsgi-bridge/python";
import { serve, settings } from "./serve.mjs";

const { app: target, directory, python, processes, threads } = settings;
const wsgi = pythonApp(target, { directory, python, processes, threads });
const app = express();
app.use(fromWsgi(wsgi));
await serve(app, wsgi);
