/** The common alternative: Express proxies everything to a Python server, tuned as well as its options allow. */
import { Agent } from "node:http";
import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";
import { serve, settings } from "./serve.mjs";

// Without an agent, http-proxy opens a connection for each request. The agent closes idle ones before gunicorn does.
const agent = new Agent({ keepAlive: true, timeout: 60_000 });
const app = express();
app.use(createProxyMiddleware({ target: settings.upstream, agent }));
await serve(app, { ready: async () => {}, close: async () => agent.destroy() });
