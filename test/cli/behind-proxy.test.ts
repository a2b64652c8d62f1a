/** `wsgi-bridge serve` behind a proxy: whose headers set the scheme, and the mount path. The real gunicorn decides what is right. */
import { describe, expect, it, onTestFinished } from "vitest";
import { parseRootPath } from "../../src/cli/behind-proxy.ts";
import { trustedAddresses } from "../../src/cli/trusted-addresses.ts";
import { isRecentGunicorn, startGunicorn } from "../support/gunicorn.ts";
import { rawGet } from "../support/server.ts";
import { APPS, Program } from "./program.ts";

interface Answer {
  readonly status: string;
  readonly body: string;
}

async function ask(port: number, path: string, headers: string): Promise<Answer> {
  const { head, body } = await rawGet(port, path, headers);
  const status = head.slice(9, 12);
  return { status, body: status === "200" ? body : "" };
}

async function portOf(program: Program): Promise<number> {
  return Number(new URL(await program.url()).port);
}

const HEADERS: readonly string[] = [
  "",
  "X-Forwarded-Proto: https\r\n",
  "x-forwarded-PROTO:  https \r\n",
  "X-Forwarded-Proto: http\r\n",
  "X-Forwarded-Proto: HTTPS\r\n",
  "X-Forwarded-Proto: https, http\r\n",
  "X-Forwarded-Proto: javascript\r\n",
  "X-Forwarded-Proto:\r\n",
  "X-Forwarded-Protocol: ssl\r\n",
  "X-Forwarded-Protocol: https\r\n",
  "X-Forwarded-Ssl: on\r\n",
  "X-Forwarded-Ssl: off\r\n",
  "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: https\r\n",
  "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n",
  "X-Forwarded-Proto: http\r\nX-Forwarded-Ssl: on\r\n",
  "X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on\r\n",
  "X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9\r\n",
  "X_Forwarded_Proto: https\r\n",
  "Forwarded: proto=https\r\n",
  "Front-End-Https: on\r\n",
];

/** The older gunicorn of Python 3.8 and 3.9 knows no networks, and another default. */
const CONFIGURATIONS: [string, args: string[], env: Record<string, string>][] = [
  ["by default", [], {}],
  ["with --forwarded-allow-ips *", ["--forwarded-allow-ips", "*"], {}],
  ["with --forwarded-allow-ips 10.0.0.0/8,::1", ["--forwarded-allow-ips", "10.0.0.0/8,::1"], {}],
  ["with --forwarded-allow-ips 127.0.0.0/8", ["--forwarded-allow-ips=127.0.0.0/8"], {}],
  ["with an empty --forwarded-allow-ips", ["--forwarded-allow-ips="], {}],
  ["with FORWARDED_ALLOW_IPS", [], { FORWARDED_ALLOW_IPS: "10.0.0.1" }],
  ["with FORWARDED_ALLOW_IPS and the option", ["--forwarded-allow-ips", "127.0.0.1"], { FORWARDED_ALLOW_IPS: "" }],
];

async function gunicornPort(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const gunicorn = await startGunicorn(args, { directory: APPS, env: { ...process.env, ...env } });
  onTestFinished(() => gunicorn.close());
  return gunicorn.port;
}

describe.each(isRecentGunicorn() ? CONFIGURATIONS : [])("%s", (_, args, env) => {
  it("the scheme, the address and the refusals are gunicorn's, whatever the headers say", async () => {
    const program = Program.serve("behind:app", args, { env });
    const [ours, theirs] = await Promise.all([portOf(program), gunicornPort([...args, "behind:app"], env)]);
    for (const headers of HEADERS) {
      expect([headers, await ask(ours, "/", headers)]).toEqual([headers, await ask(theirs, "/", headers)]);
    }
  });
});

it("a proxy on this machine is believed, and its headers that disagree are a 400", async () => {
  const port = await portOf(Program.serve("behind:app"));
  const scheme = async (headers: string) => JSON.parse((await ask(port, "/", headers)).body)["wsgi.url_scheme"];
  expect(await scheme("X-Forwarded-Proto: https\r\n")).toBe("https");
  expect(await scheme("X-Forwarded-Proto: javascript\r\n")).toBe("http");
  expect((await ask(port, "/", "X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n")).status).toBe("400");
});

const PATHS: readonly string[] = ["/shop", "/shop/", "/shop/a%20b/c", "/shop//a", "/shop/shop", "/shop?a=/b"];
const OUTSIDE: readonly string[] = ["/", "/other", "//shop", "/SHOP/", "/a/shop"];

describe.each<[string, args: string[], env: Record<string, string>]>([
  ["--root-path", ["--root-path", "/shop"], {}],
  ["--root-path with a slash at its end", ["--root-path", "/shop/"], {}],
  ["SCRIPT_NAME", [], { SCRIPT_NAME: "/shop" }],
  ["--root-path before SCRIPT_NAME", ["--root-path", "/shop"], { SCRIPT_NAME: "/other" }],
])("below a mount path by %s", (_, args, env) => {
  it("the app gets the SCRIPT_NAME and the PATH_INFO that gunicorn's SCRIPT_NAME gives it, and other paths are a 404", async () => {
    const program = Program.serve("behind:app", args, { env });
    const [ours, theirs] = await Promise.all([portOf(program), gunicornPort(["behind:app"], { SCRIPT_NAME: "/shop" })]);
    for (const path of PATHS) {
      expect([path, await ask(ours, path, "")]).toEqual([path, await ask(theirs, path, "")]);
    }
    for (const path of OUTSIDE) {
      expect([path, (await ask(theirs, path, "")).status]).toEqual([path, "500"]);
      expect([path, (await ask(ours, path, "")).status]).toEqual([path, "404"]);
    }
    expect((await ask(ours, "/shopping", "")).status).toBe("404"); // gunicorn's PATH_INFO would be "ping"
  });
});

it("Flask's links have the scheme of the proxy and the mount path", async () => {
  const url = await Program.serve("till:app", ["--root-path", "/shop"]).url();
  const headers = { "X-Forwarded-Proto": "https" };
  expect(await (await fetch(`${url}/shop/`, { headers })).text()).toBe(
    `The till is open at ${url.replace("http:", "https:")}/shop/`,
  );
});

it.each<[list: string, trusted: string[], others: (string | undefined)[]]>([
  ["127.0.0.1,::1", ["127.0.0.1", "::1", "::ffff:127.0.0.1"], ["127.0.0.2", "::2", "::7f00:1", "", "x", undefined]],
  ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.0", "9.255.255.255", "a00::1"]],
  ["10.1.2.128/25, 192.0.2.1", ["10.1.2.128", "10.1.2.255", "192.0.2.1"], ["10.1.2.127", "192.0.2.10"]],
  ["0.0.0.0/0", ["1.2.3.4"], ["::1"]],
  ["::/0", ["::1", "fe80::1%eth0"], ["1.2.3.4"]],
  ["2001:db8::/33", ["2001:db8::1", "2001:db8:7fff::"], ["2001:db8:8000::", "2001:db9::1"]],
  ["2001:DB8:0:0:1::0", ["2001:db8::1:0:0:0"], ["2001:db8::1"]],
  ["::ffff:192.0.2.1", ["192.0.2.1"], ["::1"]],
  ["*", ["1.2.3.4", "::1"], []],
  ["127.0.0.1,*", ["1.2.3.4"], []],
  ["", [], ["127.0.0.1", "::1"]],
])("trustedAddresses(%j) trusts %j and not %j", (list, trusted, others) => {
  const trusts = trustedAddresses(list);
  expect(trusted.filter((address) => !trusts(address))).toEqual([]);
  expect(others.filter((address) => trusts(address))).toEqual([]);
});

it.each(["localhost", "10.0.0.1/8", "10.0.0.0/33", "::1/129", "10.0.0.0/", "1.2.3", "fd00::1/8", "*.example"])(
  "trustedAddresses(%j) is an error that quotes the entry",
  (list) => expect(() => trustedAddresses(`127.0.0.1,${list}`)).toThrow(JSON.stringify(list)),
);

it.each([
  ["", ""],
  ["/", ""],
  ["/shop", "/shop"],
  ["/shop/v2/", "/shop/v2"],
  ["/caf%C3%A9", "/caf\xc3\xa9"],
  ["/café", "/caf\xc3\xa9"],
])("parseRootPath(%j) is %j", (path, scriptName) => expect(parseRootPath(path)).toBe(scriptName));
