/** Checks the environ that a gateway passes to an app. Knows the keys of CGI and WSGI; changes nothing. */
import type { Environ } from "../types.ts";
import { show } from "./show.ts";
import { gatewayError, type Warnings } from "./validation-error.ts";

/**
 * Checks an environ.
 *
 * @throws ValidationError for the first rule that the gateway breaks
 */
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
    throw gatewayError("VAL-02", `the environ is ${show(environ)}`, "Create a plain object, {}, for each request.");
  }
  if (!Object.isExtensible(environ)) {
    throw gatewayError("VAL-02", "the environ cannot be changed", "Do not freeze it: apps and middleware add keys.");
  }
  return environ;
}

/** True for an object literal, even from another realm (`node:vm`): its prototype is null, or has no prototype itself. */
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
    if (environ[key] === undefined) throw gatewayError("VAL-03", `the environ has no ${key}`, "Set it.");
  }
  for (const key of ["HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"]) {
    if (key in environ) throw gatewayError("VAL-04", `the environ has ${key}`, `Name it ${key.slice(5)}.`);
  }
  if (environ.QUERY_STRING === undefined) {
    warnings.gateway("VAL-05", "the environ has no QUERY_STRING", 'Set it, to "" if there is no query.');
  }
}

const NOT_LATIN1 = /[^\x00-\xff]/;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Messages do not show values: a value may be a credential, and messages go to logs. */
function checkText(environ: Variables): void {
  for (const [key, value] of Object.entries(environ)) {
    if (key.includes(".")) continue;
    if (typeof value !== "string") {
      throw gatewayError("VAL-06", `${key} is ${show(value)}`, "Make it a string, or leave the key out.");
    }
    const wrong = NOT_LATIN1.exec(value) ?? (key.startsWith("HTTP_") ? CONTROL.exec(value) : null);
    if (wrong !== null) {
      throw gatewayError(
        "VAL-06",
        `${key} contains the character ${show(wrong[0])}`,
        "Encode it as bytes in latin-1, without control characters.",
      );
    }
  }
}

function checkWsgi(environ: Variables): void {
  const { "wsgi.version": version, "wsgi.url_scheme": scheme } = environ;
  if (!Array.isArray(version) || version.length !== 2 || version[0] !== 1 || version[1] !== 0) {
    throw gatewayError("VAL-07", `wsgi.version is ${show(version)}`, "Set it to [1, 0].");
  }
  if (scheme !== "http" && scheme !== "https") {
    throw gatewayError("VAL-08", `wsgi.url_scheme is ${show(scheme)}`, 'Set it to "http" or "https".');
  }
  checkMethods(environ, "wsgi.input", ["read", "readline", "readlines", Symbol.asyncIterator]);
  checkMethods(environ, "wsgi.errors", ["flush", "write", "writelines"]);
}

function checkMethods(environ: Variables, key: "wsgi.input" | "wsgi.errors", methods: (string | symbol)[]): void {
  const stream = environ[key] as Readonly<Record<string | symbol, unknown>> | null;
  const missing = methods.find((method) => typeof stream?.[method] !== "function");
  if (missing === undefined) return;
  throw gatewayError(key === "wsgi.input" ? "VAL-09" : "VAL-10", `${key} has no method ${String(missing)}`, "Add it.");
}

/** RFC 9110 §5.6.2, `token`. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;
const KNOWN_METHODS: readonly unknown[] = ["GET", "HEAD", "POST", "OPTIONS", "PATCH", "PUT", "DELETE", "TRACE"];
const DIGITS = /^[0-9]+$/;

function checkRequestLine(environ: Variables, warnings: Warnings): void {
  const { REQUEST_METHOD: method, CONTENT_LENGTH: length } = environ;
  if (!TOKEN.test(method as string)) {
    throw gatewayError(
      "VAL-32:method",
      `REQUEST_METHOD is ${show(method)}`,
      "Pass on the request's method, or refuse the request.",
    );
  }
  if (!KNOWN_METHODS.includes(method)) {
    warnings.gateway(
      "VAL-11",
      `REQUEST_METHOD is ${show(method)}`,
      "Check that the client meant it; apps may not know it.",
    );
  }
  if (length !== undefined && length !== "" && !DIGITS.test(length as string)) {
    throw gatewayError("VAL-14", `CONTENT_LENGTH is ${show(length)}`, "Refuse the request, or leave the key out.");
  }
}

function checkPath(environ: Variables, warnings: Warnings): void {
  const { SCRIPT_NAME: script = "", PATH_INFO: path } = environ as Record<string, string | undefined>;
  if (script === "/") {
    throw gatewayError("VAL-16", 'SCRIPT_NAME is "/"', 'Set SCRIPT_NAME to "" and PATH_INFO to the whole path.');
  }
  if (script !== "" && !script.startsWith("/")) {
    throw gatewayError("VAL-12", `SCRIPT_NAME is ${show(script)}`, 'Begin it with a slash, or set it to "".');
  }
  if (script.endsWith("/")) {
    warnings.gateway("VAL-16", `SCRIPT_NAME is ${show(script)}`, "Move its last slash to the beginning of PATH_INFO.");
  }
  if (path === undefined && script === "") {
    throw gatewayError("VAL-15", "SCRIPT_NAME and PATH_INFO have no path", 'Set PATH_INFO, at least to "/".');
  }
  if (path !== undefined && path !== "" && !path.startsWith("/")) {
    throw gatewayError("VAL-13", `PATH_INFO is ${show(path)}`, 'Begin it with a slash, or set it to "".');
  }
}

const PROTOCOL = /^HTTP\/\d(?:\.\d)?$/;

function checkServer(environ: Variables): void {
  const { SERVER_NAME: name, SERVER_PORT: port, SERVER_PROTOCOL: protocol } = environ as Record<string, string>;
  if (name === "")
    throw gatewayError("VAL-32:server", "SERVER_NAME is empty", "Set it to the server's name or address.");
  if (!DIGITS.test(port as string)) {
    throw gatewayError(
      "VAL-32:server",
      `SERVER_PORT is ${show(port)}`,
      "Set it to the port in digits, or to 80 if there is none.",
    );
  }
  if (!PROTOCOL.test(protocol as string)) {
    throw gatewayError(
      "VAL-32:server",
      `SERVER_PROTOCOL is ${show(protocol)}`,
      "Set it to the request's version, such as HTTP/1.1.",
    );
  }
}
