/** From a lane's parameters to an environ. Knows what Python sends; knows no record. */
import { fileWrapper } from "../../wsgi/file-wrapper.ts";
import { EMPTY_INPUT } from "../../wsgi/input.ts";
import type { Environ, ErrorStream, InputStream } from "../../wsgi/types.ts";

/** Python's word for a body without a length that ends by itself. */
const UNSIZED = "WSGI_INPUT_TERMINATED";

/** True when STDIN brings nothing: Python does not announce a body. */
export function isBodyless(params: ReadonlyMap<string, string>): boolean {
  return Number(params.get("CONTENT_LENGTH") ?? 0) === 0 && !params.has(UNSIZED);
}

/** Python's environ again, SCRIPT_NAME and PATH_INFO as they are there; `wsgi.*` is made anew. */
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
    "wsgi.file_wrapper": fileWrapper,
  } as unknown as Environ;
  for (const [key, value] of params) if (key !== UNSIZED) environ[key] = value;
  return environ;
}
