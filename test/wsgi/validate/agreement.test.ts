/** `validator` and the bridge agree: what the bridge produces is valid, and what it refuses from an app is not. */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type ValidationWarning, validator } from "../../../src/validator.ts";
import { parseHead } from "../../../src/wsgi/response-head.ts";
import { checkHead } from "../../../src/wsgi/validate/response-checks.ts";
import { Warnings } from "../../../src/wsgi/validate/validation-error.ts";
import { HOSTS } from "../../support/hosts.ts";
import { MemoryLogger } from "../../support/logger.ts";
import { CANARY, Recorder, VALID } from "../../support/raw-requests.ts";
import { raw, type TestServer } from "../../support/server.ts";

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe.each(HOSTS)("validator on $name", (host) => {
  it.each(VALID.map((twin) => [twin.title, twin.name, twin] as const))("%s (%s.http)", async (_title, _name, twin) => {
    const warnings: ValidationWarning[] = [];
    const logger = new MemoryLogger();
    const recorder = new Recorder();
    const checked = validator(recorder.app, { warn: (warning) => warnings.push(warning), requireContentType: false });
    server = await host.serve(checked, { logger });
    const { text } = await raw(server.port, twin.closes ? twin.request : twin.request + CANARY);
    expect(text).toContain("HTTP/1.1 200");
    expect(await recorder.calls[0]?.body).toBe(twin.body ?? "");
    expect(logger.text).not.toContain("Validation");
    // A client may choose a method that apps do not know.
    expect(warnings.filter(({ rule }) => rule !== "VAL-11")).toEqual([]);
  });
});

/** Text in which the decisive characters are as likely as all others. */
const text = (...parts: string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: "binary", maxLength: 2 })), { maxLength: 4 })
    .map((all) => all.join(""));
const status = text("200", " ", "OK", "1", "\t", "\n", "\xe9", "\u0416");
const name = text("X", "-", "Connection", "TE", "status", "Content-Length", ":", " ", "\n", "\x7f");
const value = text("a", "\t", "\n", "0", "12", " ", "\x7f", "\xff", "\u0416");
const headers = fc.array(fc.tuple(name, value), { maxLength: 3 });

it("SR-12 to SR-15, HDR-01 to HDR-06, CL-06: refuses every head that the bridge refuses", () => {
  const context = { method: "GET", requireContentType: false, warnings: new Warnings(() => undefined) };
  const accepts = (check: () => unknown): boolean => {
    try {
      check();
      return true;
    } catch {
      return false;
    }
  };
  let both = 0;
  const agree = (line: string, pairs: [string, string][]): boolean => {
    if (!accepts(() => checkHead(line, pairs, context))) return true;
    both += 1;
    return accepts(() => parseHead(line, pairs));
  };
  const run = { seed: 3333, numRuns: 3000 };
  fc.assert(
    fc.property(status, (line) => agree(line, [])),
    run,
  );
  fc.assert(
    fc.property(headers, (pairs) => agree("200 OK", pairs)),
    run,
  );
  expect(both).toBeGreaterThan(300); // heads that both accept; with fewer the comparison proves nothing
});
