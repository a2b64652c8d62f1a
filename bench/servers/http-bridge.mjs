/** The Python app on Node's HTTP server without a framework, to compare with gunicorn alone. */
import { fromWsgi } from "wsgi-bridge";
import { pythonApp } from "wsgi-bridge/python";
import { serve, settings } from "./serve.mjs";

const { app: target, directory, python, processes, threads, preload } = settings;
const wsgi = pythonApp(target, { directory, python, processes, threads, preload });
await serve(fromWsgi(wsgi), wsgi);
