/** pino as the logger of `logging: "structured"`. */
import { Writable } from "node:stream";
import { pino } from "pino";
import { expect, it } from "vitest";
import type { StructuredLogger } from "../../src/python.ts";
import { hostPython } from "../support/python.ts";

/** A pino logger, and what it has written. */
function memoryPino(): { logger: StructuredLogger; written: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const stream = new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  });
  return { logger: pino({ level: "debug" }, stream), written: () => lines.map((line) => JSON.parse(line)) };
}

it("pino gets the fields, the message, and the exception as err; everything else as a message", async () => {
  const { logger, written } = memoryPino();
  const { url, app } = await hostPython("records:application", { logging: "structured", logger });
  await fetch(`${url}/levels`);
  await fetch(`${url}/exception`, { headers: { "X-Request-Id": "asked" } });
  await app.close();
  const all = written();
  expect(all.find(({ msg }) => msg === "at import")).toMatchObject({ level: 40 });
  const levels = [10, 20, 30, 40, 50].map((at) => all.find(({ msg }) => msg === `at ${at}`)?.level);
  expect(levels).toEqual([20, 30, 40, 50, 50]);
  expect(all.find(({ msg }) => msg === "caught")).toMatchObject({
    level: 40,
    logger: "shop.stock",
    levelname: "WARNING",
    requestId: "asked",
    err: { type: "LookupError", message: "of the shop", stack: expect.stringMatching(/^Traceback/) },
  });
});
