/** A browser on top of fetch: keeps cookies, follows redirects, submits forms. Knows HTML forms; knows nothing of the sites. */

/** A response after all redirects. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export type Fields = Readonly<Record<string, string | Blob>>;

/** More redirects are taken for a loop. */
const MAX_REDIRECTS = 5;

export class Browser {
  readonly #origin: string;
  /** Headers of every request, such as the address of a client behind a proxy. */
  readonly #always: Readonly<Record<string, string>>;
  /** The cookies by name. Their paths are ignored. */
  readonly cookies: Map<string, string> = new Map();

  constructor(origin: string, always: Readonly<Record<string, string>> = {}) {
    this.#origin = origin;
    this.#always = always;
  }

  /** Sends one request with the cookies, and keeps those of the response. Does not follow redirects. */
  async send(target: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers({ ...this.#always, ...(init.headers as Record<string, string> | undefined) });
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (cookie !== "") headers.set("cookie", cookie);
    const response = await fetch(new URL(target, this.#origin), { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  /** Opens a page and follows redirects with GET, as browsers do. */
  async open(target: string, init: RequestInit = {}): Promise<Page> {
    let url = new URL(target, this.#origin);
    let response = await this.send(url.href, init);
    for (let left = MAX_REDIRECTS; response.status >= 301 && response.status <= 308; left -= 1) {
      if (left === 0) throw new Error(`${target} redirects in a loop, last to ${url.href}`);
      await response.arrayBuffer();
      url = new URL(response.headers.get("location") ?? "", url);
      response = await this.send(url.href);
    }
    const { status, headers } = response;
    return { url: url.href.slice(this.#origin.length), status, headers, text: await response.text() };
  }

  /**
   * Fills in a form of the page and submits it to its action. A file makes the body multipart.
   *
   * @param formId the `id` of the form, or `""` for the first form without an id; by default, the first form with POST
   */
  submit(page: Page, fields: Fields, formId?: string): Promise<Page> {
    const form = findForm(page.text, formId);
    const body = Object.values(fields).some((value) => typeof value !== "string")
      ? new FormData()
      : new URLSearchParams();
    for (const [name, value] of Object.entries({ ...form.given, ...fields })) body.append(name, value as string);
    const at = new URL(page.url, this.#origin);
    const target = new URL(form.action === "" ? at : new URL(form.action, at));
    return this.open(target.href, { method: "POST", body, headers: { Origin: at.origin, Referer: at.href } });
  }

  #keep(line: string): void {
    const [, name = "", value = ""] = /^([^=;]*)=([^;]*)/.exec(line) ?? [];
    const expires = /;\s*expires=([^;]*)/i.exec(line)?.[1];
    const gone = /;\s*max-age=0\b/i.test(line) || (expires !== undefined && Date.parse(expires) <= Date.now());
    if (gone) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** Returns the action of a form and the fields that already have a value, including hidden ones. */
function findForm(html: string, id: string | undefined): { action: string; given: Record<string, string> } {
  const forms = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)];
  const [, head = "", inner = ""] =
    forms.find(([, attributes = ""]) =>
      id === undefined ? /\bpost\b/i.test(attributes) : attribute(attributes, "id") === id,
    ) ?? [];
  if (head === "") throw new Error(`The page has no form ${id ?? "with POST"}:\n${html}`);
  const given: Record<string, string> = {};
  for (const [, input = ""] of inner.matchAll(/<input\b([^>]*)>/gi)) {
    const [name, type] = [attribute(input, "name"), attribute(input, "type")];
    if (name !== "" && !/^(submit|checkbox|radio|file)$/.test(type)) given[name] = attribute(input, "value");
  }
  return { action: attribute(head, "action"), given };
}

function attribute(tag: string, name: string): string {
  const [, value = ""] = new RegExp(`\\b${name}="([^"]*)"`, "i").exec(tag) ?? [];
  return value.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&lt;", "<");
}
