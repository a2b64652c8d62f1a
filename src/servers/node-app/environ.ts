/** Builds an environ from the parameters of a lane. Knows what Python sends; knows no record. */
import { fileWrapper } from "../../wsgi/file-wrapper.ts";
import { EMPTY_INPUT } from "../../wsgi/input.ts";
import type { Environ, ErrorStream, InputStream } from "../../wsgi/types.ts";

/** Python's key for a body that has no length but ends by itself. */
const UNSIZED = "WSGI_INPUT_TERMINATED";

/** True if no body follows in STDIN records. */
export function isBodyless(params: ReadonlyMap<string, string>): boolean {
  return Number(params.get("CONTENT_LENGTH") ?? 0) === 0 && !params.has(UNSIZED);
}

/** Returns Python's environ with the same SCRIPT_NAME and PATH_INFO, and with new `wsgi.*` keys. */
export function laneEnviron(params: ReadonlyMap<string, string>, input: InputStream, errors: ErrorStream): Environ {
  const environ = {
    __proto__: null,
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": params.get("HTTPS") === "on" ? "https" : "http",
    "wsgi.input": isBodyless(params) ? EMPTY_INPUT : input,
    "wsgi.errors": errors,
    "wsgi.multithread": true,
    "wsgi.multiprocess": true, // servers start many processes, and each starts its own Node
    "wsgi.run_once": false,
    "wsgi.input_terminated": true,
    "wsgi_bridge.has_body": !isBodyless(params),
    "wsgi.file_wrapper": fileWrapper,
  } as unknown as Environ;
  for (const [key, value] of params) if (key !== UNSIZED) environ[key] = value;
  return environ;
}
