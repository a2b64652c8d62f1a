/** Django's admin on SQLite: what an editor does in it. */
import { describe, expect, it } from "vitest";
import { Browser } from "./browser.ts";
import { blob, sha256 } from "./client.ts";
import { logIn, useDjango } from "./django.ts";
import { MOUNT } from "./site.ts";

const site = useDjango();
const browser = (): Browser => new Browser(site.express.url);

/** All tests use one mount, because Django reads the mount path of its static files only once per process. */
const ADMIN = `${MOUNT}/admin`;

describe.each([
  ["Express", () => site.express],
  ["Koa", () => site.koa],
])("the admin in %s", (host, server) => {
  const slug = `grüße-${host}`;

  it("ENV-06, HDR-07: lets an editor log in, add, find, change and delete an article, and log out", async () => {
    const visitor = new Browser(server().url);
    const index = await logIn(visitor, `${ADMIN}/`);
    expect([index.url, index.status]).toEqual([`${ADMIN}/`, 200]);
    expect(index.text).toContain("<strong>zoë</strong>");

    const form = await visitor.open(`${ADMIN}/articles/article/add/`);
    const added = await visitor.submit(form, { title: "Grüße <b>", slug, body: "Zeile 1\r\nZeile 2" }, "article_form");
    expect(added.url).toBe(`${ADMIN}/articles/article/`);
    expect(added.text).toMatch(/The article “<a href=".*">Grüße &lt;b&gt;<\/a>” was added successfully\./);
    const link = /<th class="field-title"><a href="([^"]+)">Grüße &lt;b&gt;<\/a><\/th>/.exec(added.text)?.[1] ?? "";
    expect(link).toMatch(new RegExp(`^${ADMIN}/articles/article/\\d+/change/$`));

    const change = await visitor.open(link);
    const changed = await visitor.submit(change, { title: "Neu", body: "x" }, "article_form");
    expect(changed.text).toContain("was changed successfully");
    expect((await visitor.open(`${ADMIN}/articles/article/?q=neu`)).text).toContain(">Neu</a>");
    expect((await visitor.open(`${ADMIN}/articles/article/?q=gr%C3%BC`)).text).toContain("0 results");

    const id = /(\d+)\/change/.exec(link)?.[1] ?? "";
    const list = await visitor.open(`${ADMIN}/articles/article/`);
    const chosen = { action: "delete_selected", _selected_action: id, index: "0" };
    const sure = await visitor.submit(list, chosen, "changelist-form");
    expect(sure.text).toContain("Are you sure");
    const deleted = await visitor.submit(sure, { action: "delete_selected", _selected_action: id }, "");
    expect(deleted.text).toContain("Successfully deleted 1 article.");
    expect(deleted.text).toContain("0 articles");

    const token = new URLSearchParams({ csrfmiddlewaretoken: visitor.cookies.get("csrftoken") ?? "" });
    const out = await visitor.open(`${ADMIN}/logout/`, { method: "POST", body: token });
    expect(out.text).toContain("Logged out");
    expect(visitor.cookies.has("sessionid")).toBe(false);
    expect((await visitor.open(`${ADMIN}/`)).url).toBe(`${ADMIN}/login/?next=${ADMIN}/`);
  });

  it("serves the static files of the admin under the mount path", async () => {
    const page = await new Browser(server().url).open(`${ADMIN}/login/`);
    const links = [...page.text.matchAll(/<(?:link|script)\b[^>]*?(?:href|src)="([^"]+)"/g)].map(([, url]) => url);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link?.startsWith(`${MOUNT}/static/admin/`)).toBe(true);
      expect((await new Browser(server().url).send(link ?? "")).status).toBe(200);
    }
  });
});

describe("what the admin refuses", () => {
  it("refuses a wrong password", async () => {
    const page = await logIn(browser(), `${ADMIN}/`, "x");
    expect(page.text).toContain("Please enter the correct username and password");
  });

  it("responds with Django's 403 to a form without its CSRF cookie or its token", async () => {
    const body = new URLSearchParams({ username: "zoë", password: "pässword", csrfmiddlewaretoken: "x".repeat(32) });
    const forged = await browser().open(`${ADMIN}/login/`, { method: "POST", body });
    expect([forged.status, forged.text.includes("CSRF verification failed")]).toEqual([403, true]);
    await site.logger.said(`Forbidden (CSRF cookie not set.): ${ADMIN}/login/`);
  });

  it("FRM-13: refuses a form of another origin over HTTPS, and accepts one of the origin that `trust proxy` gives", async () => {
    const forwarded = { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "press.example" };
    const visitor = new Browser(site.express.url, forwarded);
    const form = await visitor.open(`${ADMIN}/login/`);
    const token = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(form.text)?.[1] ?? "";
    const body = new URLSearchParams({ username: "zoë", password: "pässword", csrfmiddlewaretoken: token });
    const statuses: number[] = [];
    for (const Origin of ["https://evil.example", "http://press.example", "https://press.example"]) {
      const response = await visitor.send(`${ADMIN}/login/?next=${ADMIN}/`, {
        method: "POST",
        body,
        headers: { Origin, Referer: `${Origin}/` },
      });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    expect(statuses).toEqual([403, 403, 302]);
  });

  it("responds with Django's 400 to a foreign Host", async () => {
    const visitor = new Browser(site.express.url, { "X-Forwarded-Host": "evil.example" });
    expect((await visitor.open(`${ADMIN}/`)).status).toBe(400);
  });
});

it("FRM-04: stores an upload of several MB in the admin unchanged, and sends it back", async () => {
  const visitor = browser();
  await logIn(visitor, `${ADMIN}/`);
  const content = Buffer.alloc(5_000_000, "every byte of it\r\n\0\xff");
  const picture = new File([blob(content, "image/png")], "köln.png", { type: "image/png" });
  const form = await visitor.open(`${ADMIN}/articles/article/add/`);
  const added = await visitor.submit(form, { title: "Bild", slug: "bild", picture }, "article_form");
  expect(added.text).toContain("was added successfully");
  const { text } = await visitor.open(`${MOUNT}/articles/bild/`);
  const link = /<a href="([^"]+)">Picture/.exec(text)?.[1] ?? "";
  expect(link).toBe(`${MOUNT}/media/pictures/k%C3%B6ln.png`);
  const back = await visitor.send(link);
  expect(back.headers.get("content-type")).toBe("image/png");
  expect(sha256(Buffer.from(await back.arrayBuffer()))).toBe(sha256(content));
});
