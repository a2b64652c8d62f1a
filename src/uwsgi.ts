export type { RemoteAddress } from "./remote/address.ts";
export type { RemoteApp } from "./remote/app.ts";
export type { RemoteAppOptions } from "./remote/options.ts";
export type { RemoteAddressStats, RemoteAppStats } from "./remote/stats.ts";
export { uwsgiApp } from "./remote/uwsgi-app.ts";
