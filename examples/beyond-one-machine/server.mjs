/** One Express server in front of remote servers. */
import express from "express";
import { fromWsgi } from "wsgi-bridge";
import { fastcgiApp } from "wsgi-bridge/fastcgi";
import { uwsgiApp } from "wsgi-bridge/uwsgi";

/**
 * @param {{ shop: string[], blog: string, blogScript: string }} places the addresses of the servers of the shop and of the
 *   blog, and the path of the PHP file on the machine of PHP
 */
export function createSite({ shop, blog, blogScript }) {
  const remote = {
    shop: uwsgiApp(shop, { maxConnections: 4 }), // uWSGI and gunicorn, both over the uwsgi protocol
    blog: fastcgiApp(blog, { scriptFilename: blogScript, maxConnections: 2 }),
  };
  const app = express();
  app.get("/health", (_req, res) => res.json({ shop: remote.shop.stats(), blog: remote.blog.stats() }));
  app.use("/shop", fromWsgi(remote.shop));
  app.use("/blog", fromWsgi(remote.blog));
  return { app, remote, close: () => Promise.all([remote.shop.close(), remote.blog.close()]) };
}
