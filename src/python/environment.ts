/** Chooses the environment variables of the processes, and finds those that a failed start lacked. Shows names, never values. */
import { OptionError } from "../errors.ts";

/** The value of the option `env`. */
export type EnvOption = Readonly<Record<string, string>> | "inherit";

/** What the processes get, and what they do not get. */
export interface Environment {
  readonly variables: Readonly<Record<string, string>>;
  /** The names of the variables of Node's environment that the processes do not get. */
  readonly withheld: ReadonlySet<string>;
}

/**
 * An allow-list: the application does not see secrets in Node's environment unless `env` passes them on. HTTP_PROXY is safe:
 * the danger known as httpoxy concerns CGI programs only, whose environment variables contain the client's headers.
 */
export const INHERITED: readonly string[] = [
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "TEMP", "TMP"],
  ...["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHON*"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"],
  ...["http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"],
];
const IS_INHERITED: RegExp = new RegExp(`^(?:${INHERITED.join("|").replaceAll("*", "\\w*")})$`);

/**
 * Returns the variables that the processes get: all of Node's, or the allow-list and `option`.
 *
 * @throws OptionError for an invalid option
 */
export function chooseEnvironment(option: EnvOption, node: NodeJS.ProcessEnv): Environment {
  checkEnv(option);
  const isInherited = (name: string): boolean => option === "inherit" || IS_INHERITED.test(name);
  const variables: Record<string, string> = {};
  const withheld = new Set<string>();
  for (const [name, value] of Object.entries(node)) {
    if (value === undefined) continue;
    if (isInherited(name)) variables[name] = value;
    else if (!Object.hasOwn(option as object, name)) withheld.add(name);
  }
  return { variables: option === "inherit" ? variables : { ...variables, ...option }, withheld };
}

function checkEnv(option: EnvOption): void {
  if (option === "inherit") return;
  if (typeof option !== "object" || option === null) {
    throw new OptionError(`env must be an object of strings, or "inherit", got ${JSON.stringify(option)}`);
  }
  for (const [name, value] of Object.entries(option)) {
    if (typeof value !== "string") throw new OptionError(`env.${name} must be a string, got ${typeof value}`);
  }
}

/** The names that a failed start mentions; see python/wsgi_bridge/variables.py. */
export interface Mentioned {
  /** Words that may be names of variables. */
  readonly words: readonly string[];
  /** Names that the application reads in upper case and in lower case. */
  readonly fields: readonly string[];
}

/** Returns the advice for a start that failed because variables were withheld; undefined if it mentions none of them. */
export function withheldAdvice({ words, fields }: Mentioned, withheld: ReadonlySet<string>): string | undefined {
  const anyCase = new Set(fields.map((name) => name.toLowerCase()));
  const exact = new Set(words);
  const names = [...withheld].filter((name) => exact.has(name) || anyCase.has(name.toLowerCase()));
  if (names.length === 0) return undefined;
  const pairs = names.map((name) => `${name}: process.env.${name}`).join(", ");
  return `Node's environment has ${names.join(", ")}, but the Python processes do not get ${names.length === 1 ? "it" : "them"}; write env: { ${pairs} } in the options of pythonApp, or env: "inherit" for all variables`;
}
