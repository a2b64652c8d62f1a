/** The Express app of express.mjs as a WSGI app, on Node's HTTP server: what both ways across WSGI cost. */
import express from "express";
import { fromWsgi, toWsgi } from "wsgi-bridge";
import { serve } from "./serve.mjs";

const app = express();
app.get("/", (_req, res) => res.send("Hello, World!"));
await serve(fromWsgi(toWsgi(app)));
