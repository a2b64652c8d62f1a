/** Mercurial's hgweb, driven by hg. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PLACES, type Site, useSite } from "./hosting.ts";
import { appsProgram, succeed } from "./run.ts";

const LARGE = 5 * 1024 * 1024;

/** hg reads no settings: HGRCPATH is empty. */
const hg = (site: Site, args: readonly string[], folder = site.folder): Promise<string> =>
  succeed(appsProgram("hg"), [...args, "--noninteractive"], { folder, env: { HGRCPATH: "", HGUSER: "Zoë" } });

/** Creates the repository, to which everyone may push. */
function createRepository(folder: string): undefined {
  const project = join(folder, "project");
  execFileSync(appsProgram("hg"), ["init", project], { env: { ...process.env, HGRCPATH: "" } });
  writeFileSync(join(project, ".hg", "hgrc"), "[web]\npush_ssl = no\nallow-push = *\n");
}

describe.each(PLACES)("hgweb in $name", (place) => {
  const site = useSite(place, "hg_server:app", createRepository);

  it("serves clone, a push of 5 MB and pull", async () => {
    const remote = `${site.url}/`;
    const [work, other] = [join(site.folder, "work"), join(site.folder, "other")];
    await hg(site, ["clone", remote, "work"]);
    await hg(site, ["clone", remote, "other"]);
    const content = randomBytes(LARGE);
    writeFileSync(join(work, "large.bin"), content);
    await hg(site, ["commit", "--addremove", "--message", "Größe"], work);
    await hg(site, ["push"], work);

    await hg(site, ["pull", "--update"], other);
    expect(readFileSync(join(other, "large.bin")).equals(content)).toBe(true);
    expect(await hg(site, ["identify", "--id", remote])).toBe(await hg(site, ["identify", "--id"], work));
    await hg(site, ["verify"], other);
  });

  it("shows its pages with links below the mount path", async () => {
    const page = await (await fetch(`${site.url}/log`)).text();
    expect(page).toContain(`href="${place.path}/graph`);
    const links = [...page.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, link = ""]) => link);
    const outside = links.filter((link) => !link.startsWith(`${place.path}/`));
    expect(new Set([...outside, "/", place.path])).toEqual(new Set(["/", place.path])); // hgweb links each folder above
    const style = await fetch(`${site.url}/static/style-paper.css`);
    expect([style.status, style.headers.get("content-type")]).toEqual([200, "text/css"]);
  });
});
