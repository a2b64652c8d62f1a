/** The validator: an app that checks another app and its gateway. Knows the order of the checks; other files do the work. */
import { OptionError } from "../../errors.ts";
import type { Environ, StartResponse, WsgiApp, WsgiResult } from "../types.ts";
import { checkEnviron } from "./environ-checks.ts";
import { ErrorsWrapper } from "./errors-wrapper.ts";
import { InputWrapper } from "./input-wrapper.ts";
import { resolveSettings, type ValidatorOptions, type ValidatorSettings } from "./options.ts";
import { ResponseWatch } from "./response-watch.ts";
import { wrapResult } from "./result-wrapper.ts";
import { isThenable, show } from "./show.ts";
import { wrapStartResponse } from "./start-response-wrapper.ts";
import { gatewayError, Warnings } from "./validation-error.ts";

/**
 * Wraps an app and checks both sides of PEP 3333: what the app does, and what its gateway (a server, or middleware around the
 * app) passes to it. Checks everything that Python's `wsgiref.validate` checks, and more.
 *
 *     const app = validator(session(validator(shop)));   // shows whether session or shop is wrong
 *     http.createServer(fromWsgi(app));
 *
 * A broken rule throws a `ValidationError` where it is broken: from the call of the app, from `startResponse`, `write()` and
 * the methods of `wsgi.input` and `wsgi.errors`, from the iteration or from `close()`. For code that works here but may fail
 * on other servers, the option `warn` is called instead. A correct app works as before, with two differences: its result has no
 * `length`, so that no Content-Length is derived from an array of one block, and `wsgi.input` and `wsgi.errors` are wrapper
 * objects.
 *
 * Use it for tests and development: it takes a little time for each call and each block.
 *
 * @throws OptionError if `app` is not a function or an option is invalid
 */
export function validator(app: WsgiApp, options: ValidatorOptions = {}): WsgiApp {
  if (typeof app !== "function") throw new OptionError(`validator(app): app must be a function, got ${typeof app}`);
  const settings = resolveSettings(options);
  return (...args: unknown[]) => {
    if (args.length !== 2 || typeof args[1] !== "function") {
      const got = args.length === 2 ? `${show(args[1])} for startResponse` : `${args.length} arguments`;
      throw gatewayError("VAL-01", `the app was called with ${got}`, "Call app(environ, startResponse).");
    }
    return run(app, args as [Environ, StartResponse], settings);
  };
}

function run(
  app: WsgiApp,
  [environ, startResponse]: [Environ, StartResponse],
  { warn, requireContentType }: ValidatorSettings,
): WsgiResult | Promise<WsgiResult> {
  const warnings = new Warnings(warn);
  checkEnviron(environ, warnings);
  const { REQUEST_METHOD: method } = environ; // the app may change it
  const unclosed = { warn, request: `${method} ${show(environ.PATH_INFO ?? environ.SCRIPT_NAME)}` };
  const watch = new ResponseWatch({ method, requireContentType, warnings });
  environ["wsgi.input"] = new InputWrapper(environ, warnings);
  environ["wsgi.errors"] = new ErrorsWrapper(environ["wsgi.errors"]);
  const wrap = (result: unknown): WsgiResult => wrapResult(result, watch, unclosed);
  const returned: unknown = app(environ, wrapStartResponse(startResponse, watch));
  return isThenable(returned) ? Promise.resolve(returned).then(wrap) : wrap(returned);
}
