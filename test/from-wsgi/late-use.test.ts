/** ISO-03 in JavaScript: an object used after its request has ended fails, or reaches only its own request. */
import type { RequestListener } from "node:http";
import express from "express";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Environ, toWsgi, type WsgiApp } from "../../src/index.ts";
import type { Write } from "../../src/wsgi/types.ts";
import { HOSTS } from "../support/hosts.ts";
import { MemoryLogger } from "../support/logger.ts";
import { brought, rawConnection, rawGet } from "../support/server.ts";

const POST = (body: string): string => `POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe.each(HOSTS)("$name", ({ serve }) => {
  const host = async (app: WsgiApp) => {
    const server = await serve(app, { logger: new MemoryLogger() });
    onTestFinished(() => server.close());
    return server;
  };

  it("a body that nobody has begun to read before the end is an error, not an empty body; the next request reads its own body", async () => {
    const seen: Environ[] = [];
    const { port } = await host(async (environ, startResponse) => {
      seen.push(environ);
      const body = seen.length === 1 ? Buffer.from("unread") : await environ["wsgi.input"].read();
      startResponse("200 OK", [["Content-Length", String(body.length)]]);
      return [body];
    });
    const socket = await rawConnection(port, POST("the first body"));
    await brought(socket, "unread");
    socket.write(POST("the second body"));
    await brought(socket, "the second body");
    await expect(seen[0]?.["wsgi.input"].read()).rejects.toThrow("wsgi.input was read after its request had ended");
    socket.destroy();
  });

  it("a body that is being read can be read to its end, and contains no byte of the next request", async () => {
    const bodies: Promise<Uint8Array>[] = [];
    const { port } = await host((environ, startResponse) => {
      bodies.push(environ["wsgi.input"].read());
      startResponse("202 Accepted", [["Content-Length", "2"]]);
      return [Buffer.from("ok")];
    });
    const socket = await rawConnection(port, `${POST("a".repeat(30_000)).slice(0, -10_000)}`);
    await brought(socket, "ok");
    socket.write("a".repeat(10_000) + POST("b".repeat(10)));
    await brought(socket, "ok");
    expect((await Promise.all(bodies)).map((body) => Buffer.from(body).toString())).toEqual([
      "a".repeat(30_000),
      "b".repeat(10),
    ]);
    socket.destroy();
  });

  it("an Express app that responds first and then reads, as Node allows, gets its body", async () => {
    const app = express();
    const body = new Promise<string>((resolve) => {
      app.post("/", (req, res) => {
        res.status(202).end("ok");
        let text = "";
        req.on("data", (part: Buffer) => {
          text += part;
        });
        req.on("end", () => resolve(text));
      });
    });
    const { port } = await host(toWsgi(app as unknown as RequestListener));
    const socket = await rawConnection(port, POST("a".repeat(50_000)));
    expect((await body).length).toBe(50_000);
    socket.destroy();
  });

  it("write() after the end throws, and its data reaches neither the client nor the next request", async () => {
    const writes: Write[] = [];
    const { port } = await host((_environ, startResponse) => {
      writes.push(startResponse("200 OK", []));
      return [Buffer.from("whole")];
    });
    expect((await rawGet(port, "/")).body).toContain("whole");
    expect(() => writes[0]?.(Buffer.from("late"))).toThrow("after the end of the response");
    const next = await rawGet(port, "/");
    expect(next.text).not.toContain("late");
  });
});
