/** What people do today: Express hands everything on to a Python server. Set up as well as its options allow. */
import { Agent } from "node:http";
import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";
import { serve, settings } from "./serve.mjs";

// Without an agent http-proxy opens a connection for each request. Idle ones are dropped before gunicorn would.
const agent = new Agent({ keepAlive: true, timeout: 60_000 });
const app = express();
app.use(createProxyMiddleware({ target: settings.upstream, agent }));
await serve(app, { ready: async () => {}, close: async () => agent.destroy() });
