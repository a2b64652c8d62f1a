/** Serves the Django project, with its tables and a superuser. */
import { execFileSync } from "node:child_process";
import type { Browser, Page } from "./browser.ts";
import { type Site, useSite } from "./site.ts";

/** Serves the project during a test file. Each file has its own database. */
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

/** Logs the superuser in with the form that every page of the admin shows, and returns the requested page. */
export async function logIn(visitor: Browser, target: string, password = "pässword"): Promise<Page> {
  return visitor.submit(await visitor.open(target), { username: "zoë", password }, "login-form");
}
