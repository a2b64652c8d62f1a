/** Says what to write instead of a target that is no WSGI app, or that starts a server. Knows the report's fields only. */

/** Reads a field of the report; empty if it is missing. */
type Field = (key: string) => string;

/** Returns the message for an app whose import, or whose factory, runs a server of its own. */
export function ownServer(target: string, field: Field): string {
  const call = field("call_file") === "" ? "" : `: ${line(field, "call")}`;
  return `"${target}" starts a server of its own while it is loaded, so it would never become ready${call}; ${guard(field)}`;
}

/** The statement to guard is one of a module. A call in a function is reached from such a statement, or from the factory. */
function guard(field: Field): string {
  if (field("statement_file") === "") return "remove this call from the factory";
  const here = field("call_file") === field("statement_file") && field("call_line") === field("statement_line");
  const what = here ? "this line" : `the line that leads to it, ${line(field, "statement")},`;
  return `put ${what} under 'if __name__ == "__main__":', so that it runs only when the file is run as a program`;
}

function line(field: Field, key: string): string {
  return `"${field(key)}" (${field(`${key}_file`)}, line ${field(`${key}_line`)})`;
}

/** Returns the message for an ASGI app. */
export function asgiAdvice(field: Field): string {
  const what = `"${field("name")}" is an ASGI app (${field("type")}), and pythonApp runs WSGI apps`;
  if (field("module") === "django.core.handlers.asgi") return `${what}; name ${djangoWsgi(field("place"))}`;
  const double = field("failure") === "asgi2";
  const app = double ? `guarantee_single_callable(${field("attribute")})` : field("attribute");
  const code = [
    ...(double ? ["from asgiref.compatibility import guarantee_single_callable"] : []),
    "from a2wsgi import ASGIMiddleware",
    `wsgi_app = ASGIMiddleware(${app})`,
  ];
  return `${what}; install a2wsgi, add these lines to the end of the module, and name "${field("place")}:wsgi_app":\n${code.join("\n")}`;
}

/** Django writes `asgi.py` and `wsgi.py` side by side. */
function djangoWsgi(place: string): string {
  const other = place.replace(/(^|[./])asgi(\.py)?$/, "$1wsgi$2");
  return other === place ? "Django's settings module" : `"${other}", which Django has made beside it`;
}

/** Returns the message for a callable that can be called without arguments, but not with two. */
export function factoryAdvice(name: string): string {
  if (name.endsWith(")")) return `${wrongArguments(name)}; ${CALL_IT}`;
  return `${wrongArguments(name)}; if it returns the app, add parentheses: "${name}()"`;
}

export function wrongArguments(name: string): string {
  return `"${name}" cannot be called with environ and start_response, so it is not a WSGI app`;
}

export const CALL_IT = "if it returns the app, call it in the module and name the variable that has its result";
