/** What a gateway must put into the environ. Knows the keys of CGI and WSGI; changes nothing. */
import type { Environ } from "../types.ts";
import { show } from "./show.ts";
import { gatewayBroke, type Warnings } from "./validation-error.ts";

/** @throws ValidationError for the first rule that the gateway broke */
export function checkEnviron(environ: unknown, warnings: Warnings): asserts environ is Environ {
  const variables = checkObject(environ);
  checkKeys(variables, warnings);
  checkText(variables);
  checkWsgi(variables);
  checkRequestLine(variables, warnings);
  checkPath(variables, warnings);
  checkServer(variables);
}

type Variables = Readonly<Record<string, unknown>>;

function checkObject(environ: unknown): Variables {
  if (!isPlain(environ)) {
    throw gatewayBroke("VAL-02", `the environ is ${show(environ)}`, "Make a plain object, {}, for each request.");
  }
  if (!Object.isExtensible(environ)) {
    throw gatewayBroke("VAL-02", "the environ cannot be changed", "Do not freeze it: apps and middleware add keys.");
  }
  return environ;
}

/** A literal, of whatever realm: its prototype is none, or one that has none. */
function isPlain(value: unknown): value is Variables {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const REQUIRED = [
  "REQUEST_METHOD",
  "SERVER_NAME",
  "SERVER_PORT",
  "SERVER_PROTOCOL",
  "wsgi.version",
  "wsgi.url_scheme",
  "wsgi.input",
  "wsgi.errors",
  "wsgi.multithread",
  "wsgi.multiprocess",
  "wsgi.run_once",
];

function checkKeys(environ: Variables, warnings: Warnings): void {
  for (const key of REQUIRED) {
    if (environ[key] === undefined) throw gatewayBroke("VAL-03", `the environ has no ${key}`, "Set it.");
  }
  for (const key of ["HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"]) {
    if (key in environ) throw gatewayBroke("VAL-04", `the environ has ${key}`, `Name it ${key.slice(5)}.`);
  }
  if (environ.QUERY_STRING === undefined) {
    warnings.gateway("VAL-05", "the environ has no QUERY_STRING", 'Set it, to "" where there is no query.');
  }
}

const NO_BYTE = /[^\x00-\xff]/;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Values stand in no message: they may be credentials, and messages go to logs. */
function checkText(environ: Variables): void {
  for (const [key, value] of Object.entries(environ)) {
    if (key.includes(".")) continue;
    if (typeof value !== "string") {
      throw gatewayBroke("VAL-06", `${key} is ${show(value)}`, "Make it a string, or leave the key out.");
    }
    const wrong = NO_BYTE.exec(value) ?? (key.startsWith("HTTP_") ? CONTROL.exec(value) : null);
    if (wrong !== null) {
      throw gatewayBroke(
        "VAL-06",
        `${key} has the character ${show(wrong[0])}`,
        "Carry bytes as latin-1, none of them a control character.",
      );
    }
  }
}

function checkWsgi(environ: Variables): void {
  const { "wsgi.version": version, "wsgi.url_scheme": scheme } = environ;
  if (!Array.isArray(version) || version.length !== 2 || version[0] !== 1 || version[1] !== 0) {
    throw gatewayBroke("VAL-07", `wsgi.version is ${show(version)}`, "Set it to [1, 0].");
  }
  if (scheme !== "http" && scheme !== "https") {
    throw gatewayBroke("VAL-08", `wsgi.url_scheme is ${show(scheme)}`, 'Set it to "http" or "https".');
  }
  checkMethods(environ, "wsgi.input", ["read", "readline", "readlines", Symbol.asyncIterator]);
  checkMethods(environ, "wsgi.errors", ["flush", "write", "writelines"]);
}

function checkMethods(environ: Variables, key: "wsgi.input" | "wsgi.errors", methods: (string | symbol)[]): void {
  const stream = environ[key] as Readonly<Record<string | symbol, unknown>> | null;
  const missing = methods.find((method) => typeof stream?.[method] !== "function");
  if (missing === undefined) return;
  throw gatewayBroke(key === "wsgi.input" ? "VAL-09" : "VAL-10", `${key} has no method ${String(missing)}`, "Add it.");
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;
const KNOWN_METHODS: readonly unknown[] = ["GET", "HEAD", "POST", "OPTIONS", "PATCH", "PUT", "DELETE", "TRACE"];
const DIGITS = /^[0-9]+$/;

function checkRequestLine(environ: Variables, warnings: Warnings): void {
  const { REQUEST_METHOD: method, CONTENT_LENGTH: length } = environ;
  if (!TOKEN.test(method as string)) {
    throw gatewayBroke(
      "VAL-32:method",
      `REQUEST_METHOD is ${show(method)}`,
      "Pass on the method that came, or refuse the request.",
    );
  }
  if (!KNOWN_METHODS.includes(method)) {
    warnings.gateway(
      "VAL-11",
      `REQUEST_METHOD is ${show(method)}`,
      "Nothing, if the client meant it; apps may not know it.",
    );
  }
  if (length !== undefined && length !== "" && !DIGITS.test(length as string)) {
    throw gatewayBroke("VAL-14", `CONTENT_LENGTH is ${show(length)}`, "Refuse such a request, or leave the key out.");
  }
}

function checkPath(environ: Variables, warnings: Warnings): void {
  const { SCRIPT_NAME: script = "", PATH_INFO: path } = environ as Record<string, string | undefined>;
  if (script === "/") {
    throw gatewayBroke("VAL-16", 'SCRIPT_NAME is "/"', 'Set SCRIPT_NAME to "" and let PATH_INFO begin with the slash.');
  }
  if (script !== "" && !script.startsWith("/")) {
    throw gatewayBroke("VAL-12", `SCRIPT_NAME is ${show(script)}`, 'Begin it with a slash, or set it to "".');
  }
  if (script.endsWith("/")) {
    warnings.gateway("VAL-16", `SCRIPT_NAME is ${show(script)}`, "Let PATH_INFO begin with its last slash.");
  }
  if (path === undefined && script === "") {
    throw gatewayBroke("VAL-15", "neither SCRIPT_NAME nor PATH_INFO says a path", 'Set PATH_INFO, to "/" at least.');
  }
  if (path !== undefined && path !== "" && !path.startsWith("/")) {
    throw gatewayBroke("VAL-13", `PATH_INFO is ${show(path)}`, 'Begin it with a slash, or set it to "".');
  }
}

const PROTOCOL = /^HTTP\/\d(?:\.\d)?$/;

function checkServer(environ: Variables): void {
  const { SERVER_NAME: name, SERVER_PORT: port, SERVER_PROTOCOL: protocol } = environ as Record<string, string>;
  if (name === "")
    throw gatewayBroke("VAL-32:server", "SERVER_NAME is empty", "Set it to the server's name or address.");
  if (!DIGITS.test(port as string)) {
    throw gatewayBroke(
      "VAL-32:server",
      `SERVER_PORT is ${show(port)}`,
      "Set it to the port in digits, 80 where there is none.",
    );
  }
  if (!PROTOCOL.test(protocol as string)) {
    throw gatewayBroke(
      "VAL-32:server",
      `SERVER_PROTOCOL is ${show(protocol)}`,
      "Set it to the request's version, such as HTTP/1.1.",
    );
  }
}
