/** The types of `apps-env.mjs`, as far as the tests use them. */
/** @throws PythonEnvError */
export declare function ensureAppsPython(): string;
