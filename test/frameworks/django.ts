/** The Django project, its tables made and its superuser in them. */
import { execFileSync } from "node:child_process";
import type { Browser, Page } from "./browser.ts";
import { type Site, useSite } from "./site.ts";

/** For the length of a test file; each has a database of its own. */
export function useDjango(): Site {
  return useSite("django_press", "press.wsgi:application", {
    prepare: (python, directory, env) => {
      execFileSync(python, ["prepare.py"], {
        cwd: directory,
        env: { ...process.env, ...env },
        stdio: "pipe",
        timeout: 60_000,
      });
    },
  });
}

/** Logs the superuser in, by the form that any page of the admin shows to strangers; the page that was asked for follows. */
export async function logIn(visitor: Browser, target: string, password = "pässword"): Promise<Page> {
  return visitor.submit(await visitor.open(target), { username: "zoë", password }, "login-form");
}
