/** Serves the hosted apps by gunicorn, with which they are compared. */
import { ensureAppsPython } from "../../scripts/apps-env.mjs";
import { type Gunicorn, startGunicorn } from "../support/gunicorn.ts";
import { APPS, environment, type Place } from "./hosting.ts";

const ARGS = "--worker-class gthread --workers 1 --threads 8".split(" ");

/** Serves an app of APPS with the same environment, at the same mount path. */
export function underGunicorn(target: string, place: Pick<Place, "path">, folder: string): Promise<Gunicorn> {
  const env = { PATH: process.env.PATH, SCRIPT_NAME: place.path, ...environment(folder, place) };
  return startGunicorn([...ARGS, target], { directory: APPS, python: ensureAppsPython(), env });
}
