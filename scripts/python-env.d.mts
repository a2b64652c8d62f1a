/** The types of what tests use of `python-env.mjs`. */
export declare class PythonEnvError extends Error {}
export declare const MODULES: readonly string[];
/** @throws PythonEnvError */
export declare function ensurePython(): string;
