/** The types of `python-env.mjs`, as far as the tests use them. */
export declare class PythonEnvError extends Error {}
export declare const MODULES: readonly string[];
/** @throws PythonEnvError */
export declare function ensurePython(): string;
