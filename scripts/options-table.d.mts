/** The types of `options-table.mjs`, as far as the tests use them. */
export declare function optionsTable(source: string): string;
export declare const OPTION_FILES: Readonly<Record<string, string>>;
