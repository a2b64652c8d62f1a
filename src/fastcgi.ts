export type { RemoteAddress } from "./remote/address.ts";
export type { RemoteApp } from "./remote/app.ts";
export { type FastcgiAppOptions, fastcgiApp } from "./remote/fastcgi-app.ts";
export type { RemoteAppOptions } from "./remote/options.ts";
export type { ScriptOptions } from "./remote/script.ts";
export type { RemoteAddressStats, RemoteAppStats } from "./remote/stats.ts";
export type { ServeFastcgiOptions } from "./servers/fastcgi/options.ts";
export { type FastcgiServer, type ListenAddress, serveFastcgi } from "./servers/serve-fastcgi.ts";
