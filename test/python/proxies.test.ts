/** Views of real frameworks that hand on what another server has answered, under gunicorn and `pythonApp`. */
import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { startGunicorn } from "../support/gunicorn.ts";
import { APPS, hostPython } from "../support/python.ts";
import { listen } from "../support/server.ts";

/** A server that sends hop-by-hop headers, as each server of HTTP/1.1 does. */
async function upstream(): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(203, { "Content-Type": "text/x-own", "Keep-Alive": "timeout=9", "X-A": "1" });
    response.write("in ");
    response.end("chunks");
  });
  const { url, close } = await listen(server);
  onTestFinished(close);
  return url;
}

const FRAMEWORKS = ["flask", "django", "bottle", "webob"];

async function proxied(url: string, name: string, from: string): Promise<unknown[]> {
  const answer = await fetch(`${url}/${name}/proxy?upstream=${encodeURIComponent(from)}`);
  return [name, answer.status, answer.headers.get("content-type"), answer.headers.get("x-a"), await answer.text()];
}

it("views hand on the headers of another server, as under gunicorn", async () => {
  const from = await upstream();
  const gunicorn = await startGunicorn(["--threads", "2", "proxies:application"], { directory: APPS });
  onTestFinished(() => gunicorn.close());
  const { url } = await hostPython("proxies:application");
  for (const name of FRAMEWORKS) {
    const ours = await proxied(url, name, from);
    expect(ours).toEqual([name, 203, "text/x-own", "1", "in chunks"]);
    expect(ours).toEqual(await proxied(gunicorn.url, name, from));
  }
  for (const name of ["flask", "django"]) {
    const answer = await fetch(`${url}/${name}/text`);
    expect([name, answer.headers.get("x-text"), await answer.text()]).toEqual([name, "1", "text"]);
  }
});

it("strict: true refuses such views", async () => {
  const from = await upstream();
  const { url, logger } = await hostPython("proxies:application", { strict: true });
  for (const name of FRAMEWORKS) expect((await proxied(url, name, from)).slice(0, 2)).toEqual([name, 500]);
  expect(logger.text).toContain("AppProtocolError: start_response: ");
});
