/** `validator(pythonApp(…))`: the responses of a Python app, and the bridge between, follow PEP 3333. */
import { describe, expect, it, onTestFinished } from "vitest";
import { fromWsgi } from "../../../src/index.ts";
import { type ValidationWarning, type ValidatorOptions, validator } from "../../../src/validator.ts";
import { startPython } from "../../support/python.ts";
import { listen } from "../../support/server.ts";

/** A server with the app `probe:application` under the validator, and the validator's warnings. */
async function start(
  options: ValidatorOptions = {},
): Promise<{ url: string; warnings: ValidationWarning[]; log: () => string[] }> {
  const warnings: ValidationWarning[] = [];
  const app = startPython("probe:application");
  const { logger } = app;
  const checked = validator(app, { warn: (warning) => warnings.push(warning), ...options });
  const server = await listen(fromWsgi(checked, { logger }));
  onTestFinished(() => server.close());
  await app.ready();
  logger.lines.length = 0;
  return { url: server.url, warnings, log: () => logger.lines };
}

const BODY = "first line\nsecond\nlast";

describe("validator around a Python app finds nothing", () => {
  it("with a Content-Type", async () => {
    const { url, warnings, log } = await start();
    const post = { method: "POST", body: BODY };
    expect(await (await fetch(`${url}/hello`)).text()).toBe("hello");
    expect(await (await fetch(`${url}/lines`, post)).text()).toBe(
      "[b'firs', b't line\\n', [b'second\\n'], [b'last'], b'']",
    );
    expect(await (await fetch(`${url}/write`)).text()).toBe("abc");
    expect((await fetch(`${url}/hello`, { method: "HEAD" })).status).toBe(200);
    expect([warnings, log()]).toEqual([[], []]);
  });

  it("without one, if it is not required", async () => {
    const { url, warnings, log } = await start({ requireContentType: false });
    expect(await (await fetch(`${url}/echo`, { method: "POST", body: BODY })).text()).toBe(BODY);
    expect(
      await (
        await fetch(`${url}/echo`, { method: "PUT", body: new Blob([BODY]).stream(), duplex: "half" } as RequestInit)
      ).text(),
    ).toBe(BODY);
    const replaced = await fetch(`${url}/replace`);
    expect([replaced.status, replaced.headers.get("x-new"), await replaced.text()]).toEqual([503, "1", "busy"]);
    const large = await (await fetch(`${url}/large?3000000`)).arrayBuffer();
    expect(large.byteLength).toBe(3_000_000);
    expect([warnings, log()]).toEqual([[], []]);
  });
});

it("VAL-23: validator around a Python app blames it for a Content-Type that is missing", async () => {
  const { url, log } = await start();
  const answer = await fetch(`${url}/echo`, { method: "POST", body: BODY });
  expect([answer.status, await answer.text()]).toEqual([500, ""]);
  expect(log().join("\n")).toContain("ValidationError: the app breaks VAL-23");
});
