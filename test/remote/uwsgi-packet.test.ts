/** Environs in the uwsgi protocol. */
import { expect, it } from "vitest";
import { AppProtocolError, BadRequestError } from "../../src/index.ts";
import { encodePacket, methodOf } from "../../src/remote/uwsgi-packet.ts";
import { withoutSteering } from "../../src/wsgi/steering.ts";
import { environOf } from "../support/calls.ts";

/** Parses a packet, following the protocol's description. */
function decode(packet: string): Record<string, string> {
  const bytes = Buffer.from(packet, "latin1");
  expect([bytes[0], bytes[3]]).toEqual([0, 0]);
  expect(bytes.readUInt16LE(1)).toBe(bytes.length - 4);
  const found: Record<string, string> = {};
  const next = (at: number): [string, number] => {
    const end = at + 2 + bytes.readUInt16LE(at);
    return [bytes.toString("latin1", at + 2, end), end];
  };
  for (let at = 4; at < bytes.length; ) {
    const [name, middle] = next(at);
    const [value, end] = next(middle);
    expect(found).not.toHaveProperty(name);
    found[name] = value;
    at = end;
  }
  return found;
}

it("carries every string of the environ as latin-1 bytes, and of wsgi.* only the scheme", () => {
  const environ = environOf({ pathInfo: "/\xc3\xa9", method: "POST", scheme: "https", rawHeaders: ["X-A", "b"] });
  const found = decode(encodePacket(environ, 5));
  expect(found).toMatchObject({ PATH_INFO: "/\xc3\xa9", HTTP_X_A: "b", HTTPS: "on", CONTENT_LENGTH: "5" });
  expect(Object.keys(found)[0]).toBe("REQUEST_METHOD");
  expect(Object.keys(found).filter((key) => key.startsWith("wsgi."))).toEqual([]);
});

it.each(["GET", "HEAD", "A-METHOD-OF-ITS-OWN"])("methodOf finds the method: %s", (method) => {
  expect(methodOf(encodePacket(environOf({ method }), undefined))).toBe(method);
});

it("accepts 64 KiB, and rejects one byte more with 431", () => {
  const size = (value: string): number => encodePacket(environOf({ rawHeaders: ["X-A", value] }), undefined).length - 4;
  const room = 65_535 - size("");
  expect(size("x".repeat(room))).toBe(65_535);
  expect(() => size("x".repeat(room + 1))).toThrow(BadRequestError);
  expect(() => size("x".repeat(200_000))).toThrow(expect.objectContaining({ status: 431 }));
});

it("rejects strings with characters above U+00FF", () => {
  expect(() => encodePacket(environOf({ keys: { A: "\u0100" } }), undefined)).toThrow(AppProtocolError);
});

it("SEC-01: never sends a variable that controls the server", () => {
  const keys = { UWSGI_FILE: "/evil.py", UWSGI_SETENV: "A=b", SCRIPT_FILENAME: "/x", PHP_VALUE: "y", HTTP_PROXY: "z" };
  const found = decode(encodePacket(withoutSteering(environOf({ keys })), undefined));
  for (const key of Object.keys(keys)) expect(found).not.toHaveProperty(key);
});
