export { type PythonApp, pythonApp } from "./python/app.ts";
export type { LogFields, StructuredLogger } from "./python/log-record.ts";
export type { PythonAppOptions } from "./python/options.ts";
export type { PythonAppStats, PythonProcessStats } from "./python/stats.ts";
export type {
  ProcessExitMessage,
  ProcessStartMessage,
  Quantiles,
  RequestEndMessage,
  RequestStartMessage,
} from "./python/telemetry.ts";
