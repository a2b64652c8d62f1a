export { type PythonApp, pythonApp } from "./python/app.ts";
export type { PythonAppOptions } from "./python/settings.ts";
