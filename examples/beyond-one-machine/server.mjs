/** One Express server in front of servers that are elsewhere. */
import express from "express";
import { fromWsgi } from "wsgi-bridge";
import { fastcgiApp } from "wsgi-bridge/fastcgi";
import { uwsgiApp } from "wsgi-bridge/uwsgi";

/**
 * @param {{ shop: string[], blog: string, blogScript: string }} places the addresses of the shop's servers and of the blog's,
 *   and PHP's file as PHP's machine knows it
 */
export function createSite({ shop, blog, blogScript }) {
  const remote = {
    shop: uwsgiApp(shop, { maxConnections: 4 }), // two engines, one protocol: uWSGI and gunicorn
    blog: fastcgiApp(blog, { scriptFilename: blogScript, maxConnections: 2 }),
  };
  const app = express();
  app.get("/health", (_req, res) => res.json({ shop: remote.shop.stats(), blog: remote.blog.stats() }));
  app.use("/shop", fromWsgi(remote.shop));
  app.use("/blog", fromWsgi(remote.blog));
  return { app, remote, close: () => Promise.all([remote.shop.close(), remote.blog.close()]) };
}
