/** The types of what tests use of `options-table.mjs`. */
export declare function optionsTable(source: string): string;
