/** pypiserver, driven by twine and pip. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PLACES, type Site, useSite } from "./hosting.ts";
import { appsProgram, type Finished, run, succeed } from "./run.ts";

const MAKE_WHEEL = fileURLToPath(new URL("clients/make_wheel.py", import.meta.url));
/** Neither program reads settings, and none asks the index of the world. */
const ENV = { PIP_CONFIG_FILE: "/dev/null", PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring" };

function python(site: Site, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  return succeed(appsProgram("python"), args, { folder: site.folder, env: { ...ENV, ...env } });
}

function upload(site: Site, file: string, password: string): Promise<Finished> {
  const args = [
    "-m",
    "twine",
    "upload",
    "--non-interactive",
    "--disable-progress-bar",
    "--repository-url",
    `${site.url}/`,
  ];
  return run(appsProgram("python"), [...args, "--username", "zoe", "--password", password, file], {
    folder: site.folder,
    env: ENV,
  });
}

describe.each(PLACES)("pypiserver in $name", (place) => {
  const site = useSite(place, "package_index:app", (folder) => {
    const packages = join(folder, "packages");
    mkdirSync(packages);
    return { SITE_FOLDER: packages };
  });

  it("takes what twine uploads, with the right password only, and gives it to pip", async () => {
    await python(site, [MAKE_WHEEL, site.folder, "1.0"]);
    await python(site, [MAKE_WHEEL, site.folder, "2.0"]);
    const wheel = (version: string): string => join(site.folder, `zoes_package-${version}-py3-none-any.whl`);
    const refused = await upload(site, wheel("1.0"), "guess");
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining("403")]);
    for (const version of ["1.0", "2.0"])
      expect(await upload(site, wheel(version), "sesame")).toMatchObject({ code: 0 });

    const index = ["--disable-pip-version-check", "--no-cache-dir", "--index-url", `${site.url}/simple/`];
    expect(await python(site, ["-m", "pip", "index", "versions", "zoes-package", ...index])).toContain("2.0, 1.0");
    const target = join(site.folder, "installed");
    await python(site, ["-m", "pip", "install", "--no-deps", "--target", target, ...index, "zoes-package<2"]);
    const program = "import zoes_package; print(zoes_package.VERSION, len(zoes_package.CONTENT))";
    expect(await python(site, ["-c", program], { PYTHONPATH: target })).toBe("1.0 2796204\n");
  });
});
