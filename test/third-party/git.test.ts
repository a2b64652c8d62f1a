/** dulwich's git server, driven by git. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALL_PLACES, type Site, useSite } from "./hosting.ts";
import { succeed } from "./run.ts";

/** git reads no settings but these. */
const ENV = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "Zoë",
  GIT_AUTHOR_EMAIL: "zoe@example.test",
  GIT_COMMITTER_NAME: "Zoë",
  GIT_COMMITTER_EMAIL: "zoe@example.test",
};
/** git sends a push above `http.postBuffer`, 1 MiB, as a chunked body. */
const CHUNKED = 3 * 1024 * 1024;
/** With so many tags to ask for, git compresses the body of its request. */
const TAGS = 40;

const git = (site: Site, args: readonly string[], folder = site.folder): Promise<string> =>
  succeed("git", args, { folder, env: { ...ENV, HOME: site.folder } });

describe.each(ALL_PLACES)("dulwich in $name", (place) => {
  const site = useSite(place, "git_server:app");

  it("serves clone, push, chunked push, fetch and a clone with a compressed request", async () => {
    const remote = `${site.url}/project.git`;
    const work = join(site.folder, "work");
    const inWork = (...args: string[]): Promise<string> => git(site, args, work);
    await git(site, ["clone", remote, "work"]);
    await inWork("checkout", "-b", "main");
    await inWork("commit", "--allow-empty", "-m", "Empty");
    await inWork("push", "origin", "main"); // its length is known
    await git(site, ["clone", "--branch", "main", remote, "other"]);

    writeFileSync(join(work, "large.bin"), randomBytes(CHUNKED));
    await inWork("add", ".");
    await inWork("commit", "-m", "Large");
    await inWork("push", "origin", "main");
    for (let tag = 0; tag < TAGS; tag += 1) {
      const commit = (await inWork("commit-tree", "HEAD^{tree}", "-m", `${tag}`)).trim();
      await inWork("tag", `tag-${tag}`, commit);
    }
    await inWork("push", "origin", "--tags");

    const head = await inWork("rev-parse", "main");
    const other = join(site.folder, "other");
    await git(site, ["pull", "--no-tags", "origin", "main"], other);
    expect(await git(site, ["rev-parse", "HEAD"], other)).toBe(head);
    await git(site, ["clone", "--branch", "main", remote, "complete"]);
    const complete = join(site.folder, "complete");
    expect(await git(site, ["rev-parse", "HEAD"], complete)).toBe(head);
    expect((await git(site, ["tag"], complete)).trim().split("\n")).toHaveLength(TAGS);
    await git(site, ["fsck", "--strict"], join(site.folder, "project.git"));
  });
});
