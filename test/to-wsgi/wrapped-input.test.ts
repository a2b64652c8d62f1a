/** Middleware that wraps `wsgi.input` does not give a body to a request that has none. */
import { expect, it } from "vitest";
import { fromWsgi, toWsgi, type WsgiApp } from "../../src/index.ts";
import { ALL_HOSTS } from "../support/hosts.ts";
import { listen } from "../support/server.ts";

/** Counts calls of `read`, as middleware does that measures bodies. */
const wrapping =
  (app: WsgiApp): WsgiApp =>
  (environ, startResponse) => {
    const input = environ["wsgi.input"];
    const wrapped = {
      ...environ,
      "wsgi.input": Object.create(input, {
        read: { value: (n?: number) => input.read(n) },
        read1: { value: (n?: number) => input.read1?.(n) },
      }),
    };
    return app(wrapped as typeof environ, startResponse);
  };

const shown = toWsgi(async (req, res) => {
  let size = 0;
  for await (const part of req) size += part.length;
  res.setHeader("Content-Type", "text/plain");
  res.end(`${req.headers["transfer-encoding"]} ${size}`);
});

it.each(ALL_HOSTS.filter(({ kind }) => kind !== "http2"))(
  "on $name a GET has no body and no Transfer-Encoding, a chunked POST has both",
  async (host) => {
    const server = await host.serve(wrapping(shown));
    expect(await (await fetch(server.url)).text()).toBe("undefined 0");
    const body = new Blob(["abc"]).stream();
    const post = await fetch(server.url, { method: "POST", body, duplex: "half" } as RequestInit);
    expect(await post.text()).toBe("chunked 3");
    await server.close();
  },
);

it("the same through two translations", async () => {
  const server = await listen(fromWsgi(wrapping(toWsgi(fromWsgi(wrapping(shown))))));
  expect(await (await fetch(server.url)).text()).toBe("undefined 0");
  await server.close();
});
