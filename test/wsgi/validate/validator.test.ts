/** `validator`: what it reports for apps and gateways that break PEP 3333, and that it reports nothing for others. */
import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/index.ts";
import { ValidationError, type ValidationWarning, validator } from "../../../src/validator.ts";
import type { WsgiApp } from "../../../src/wsgi/types.ts";
import { RULES, type RuleKey, ruleId } from "../../../src/wsgi/validate/rules.ts";
import { show } from "../../../src/wsgi/validate/show.ts";
import { bytes } from "../../support/bytes.ts";
import { docTable, expectDocRow } from "../../support/doc-table.ts";
import { makeEnviron, serve } from "../../support/gateway.ts";
import { type AppCase, BAD_APPS, LATE_APPS, UNWISE_APPS } from "../../support/validator-apps.ts";
import { BAD_GATEWAYS, BAD_INPUTS, fakeInput, UNWISE_GATEWAYS } from "../../support/validator-gateways.ts";
import { BAD_HEADS } from "../../support/validator-heads.ts";

/** Uses all that PEP 3333 offers: two blocks, write(), every method of the streams. */
const good: WsgiApp = async (environ, startResponse) => {
  environ["wsgi.errors"].write("said\n");
  environ["wsgi.errors"].writelines(["said\n"]);
  environ["wsgi.errors"].flush();
  const write = startResponse("200 OK", [["Content-Type", "text/plain"]]);
  await write(bytes("a"));
  return [bytes("b"), bytes(""), bytes("c")];
};

/** Returns the error that was thrown, and the warnings. */
async function judge(run: (warn: (warning: ValidationWarning) => void) => Promise<unknown>): Promise<{
  error: unknown;
  warnings: ValidationWarning[];
}> {
  const warnings: ValidationWarning[] = [];
  const error = await run((warning) => warnings.push(warning)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, warnings };
}

const judgeApp = ({ app, method, body, unterminated }: AppCase): ReturnType<typeof judge> =>
  judge((warn) => {
    const environ = makeEnviron(method, body);
    if (unterminated) delete (environ as Record<string, unknown>)["wsgi.input_terminated"];
    return serve(validator(app, { warn }), environ);
  });

/** Checks a finding, whether it was thrown or given as a warning. */
function expectFinding(finding: unknown, rule: string, blame: string): void {
  const id = ruleId(rule as RuleKey);
  const { clause } = RULES[rule as RuleKey];
  expect(finding).toMatchObject({ rule: id, clause, blame });
  // Whose fault, which rule, what was found; then what to do: two sentences at least.
  const { message } = finding as ValidationWarning;
  expect(message.startsWith(`the ${blame} breaks ${id} (${clause}): `)).toBe(true);
  expect(message.slice(message.indexOf("): "))).toMatch(/^\): [^\n]+\. [A-Z"][^\n]+\.$/);
}

function expectError(error: unknown, rule: string, blame: string): void {
  expect(error).toBeInstanceOf(ValidationError);
  expect(error).toMatchObject({ code: "ERR_WSGI_VALIDATION", status: 500, name: "ValidationError" });
  expectFinding(error, rule, blame);
}

describe("a bad app is to blame", () => {
  it.each([...BAD_HEADS, ...BAD_APPS, ...LATE_APPS])("$rule: $title", async (row) =>
    expectError((await judgeApp(row)).error, row.rule, "app"),
  );

  it.each(UNWISE_APPS)("$rule: $title is a warning, given once", async (row) => {
    const { error, warnings } = await judgeApp(row);
    expect(error).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expectFinding(warnings[0], row.rule, "app");
  });
});

describe("a bad gateway is to blame", () => {
  it.each(BAD_GATEWAYS)("$rule: $title", async ({ rule, serve: run }) => {
    expectError((await judge((warn) => run(validator(good, { warn })))).error, rule, "gateway");
  });

  it.each(UNWISE_GATEWAYS)("$rule: $title is a warning, given once", async ({ rule, serve: run }) => {
    const { error, warnings } = await judge((warn) => run(validator(good, { warn })));
    expect(error).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expectFinding(warnings[0], rule, "gateway");
  });

  it.each(BAD_INPUTS)("$rule: wsgi.input gives $title", async ({ rule, answers, length, use }) => {
    const environ = { ...makeEnviron(), "wsgi.input": fakeInput(answers), ...(length && { CONTENT_LENGTH: length }) };
    const app: WsgiApp = async ({ "wsgi.input": input }, startResponse) => {
      await use(input);
      return good(environ, startResponse);
    };
    const { error, warnings } = await judge((warn) => serve(validator(app, { warn }), environ));
    expectError(error, rule, "gateway");
    expect(warnings).toEqual([]);
  });
});

describe("a good app on a good gateway", () => {
  const heads: [title: string, method: string, status: string, headers: [string, string][]][] = [
    ["VAL-18: an empty reason", "GET", "200 ", [["Content-Type", "a/b"]]],
    ["VAL-18: a reason in latin-1", "GET", "599 \xc3\x9c", [["Content-Type", "a/b"]]],
    [
      "VAL-21, VAL-22: unusual names and values",
      "GET",
      "200 OK",
      [
        ["Content-Type", "a/b"],
        ["x_y-1", "\xff"],
        ["Z", ""],
      ],
    ],
    ["VAL-23: no Content-Type with 204", "GET", "204 No Content", []],
    ["VAL-23: no Content-Type with 205", "GET", "205 Reset", [["Content-Length", "0"]]],
    [
      "VAL-23: no Content-Type with 304, whose length is another's",
      "GET",
      "304 Not Modified",
      [["Content-Length", "9"]],
    ],
    ["VAL-23: no Content-Type in answer to HEAD", "HEAD", "200 OK", [["Content-Length", "12345"]]],
  ];
  it.each(heads)("causes no finding: %s", async (_title, method, status, headers) => {
    const app: WsgiApp = (_environ, startResponse) => {
      startResponse(status, headers);
      return [];
    };
    const { error, warnings } = await judge((warn) => serve(validator(app, { warn }), makeEnviron(method)));
    expect([error, warnings]).toEqual([undefined, []]);
  });

  it("VAL-23: a missing Content-Type is allowed if the option says so, and a forbidden one stays forbidden", async () => {
    const app = (status: string, headers: [string, string][]): WsgiApp => {
      return validator(
        (_environ, startResponse) => {
          startResponse(status, headers);
          return [];
        },
        { requireContentType: false },
      );
    };
    expect(await serve(app("200 OK", []))).toMatchObject({ status: "200 OK" });
    await expect(serve(app("204 No", [["Content-Type", "a/b"]]))).rejects.toMatchObject({ rule: "VAL-23" });
  });

  it.each([undefined, null, new Error("a"), new DOMException("a"), [Error, new Error("a"), null]])(
    "VAL-24: excInfo may be %o",
    async (excInfo) => {
      const app: WsgiApp = (_environ, startResponse) => {
        startResponse("500 No", [["Content-Type", "text/plain"]], excInfo);
        return [];
      };
      expect(await serve(validator(app))).toMatchObject({ status: "500 No" });
    },
  );

  it("VAL-01 to VAL-30: may use all of PEP 3333", async () => {
    const { error, warnings } = await judge(async (warn) => {
      expect((await serve(validator(good, { warn }))).body).toBe("abc");
    });
    expect([error, warnings]).toEqual([undefined, []]);
  });
});

describe("the table of rules", () => {
  const numbers = Array.from({ length: 32 }, (_, at) => `VAL-${String(at + 1).padStart(2, "0")}`);
  const cases = [...BAD_HEADS, ...BAD_APPS, ...BAD_GATEWAYS, ...BAD_INPUTS, ...UNWISE_APPS, ...UNWISE_GATEWAYS];

  it("has every number from 1 to 32", () => {
    expect([...new Set(Object.keys(RULES).map((key) => ruleId(key as RuleKey)))].sort()).toEqual(numbers);
  });

  it("has a case above for every row, except for two that have their own tests", () => {
    // VAL-27 is found by the garbage collector, and VAL-31 is a promise of the validator itself: see result.test.ts.
    const apart = ["VAL-27", "VAL-31"];
    expect([...new Set([...cases.map(({ rule }) => rule), ...apart])].sort()).toEqual(Object.keys(RULES).sort());
  });

  it("says for each row whether it is an error, a warning, or both", () => {
    const thrown = new Set(
      [...BAD_HEADS, ...BAD_APPS, ...LATE_APPS, ...BAD_GATEWAYS, ...BAD_INPUTS].map(({ rule }) => rule),
    );
    const warned = new Set([...UNWISE_APPS, ...UNWISE_GATEWAYS, { rule: "VAL-27" }].map(({ rule }) => rule));
    for (const [key, { level }] of Object.entries(RULES)) {
      const seen = thrown.has(key) ? (warned.has(key) ? "both" : "error") : warned.has(key) ? "warning" : "note";
      expect([key, level]).toEqual([key, seen]);
    }
  });

  it.each([...docTable("src/wsgi/validate/rules.ts", "ruleId")])("$call → $result", (row) => expectDocRow(ruleId, row));
  it.each([...docTable("src/wsgi/validate/show.ts", "show")])("$call → $result", (row) => expectDocRow(show, row));
});

it.each([
  ["warn", { warn: "yes" }],
  ["requireContentType", { requireContentType: 1 }],
])("names the option %s if its value is invalid", (option, options) => {
  expect(() => validator(good, options as never)).toThrow(OptionError);
  expect(() => validator(good, options as never)).toThrow(option);
});

it("rejects an app that is not a function", () => {
  expect(() => validator({} as WsgiApp)).toThrow(OptionError);
});
