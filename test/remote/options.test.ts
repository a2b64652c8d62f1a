import { expect, it } from "vitest";
import { OptionError } from "../../src/errors.ts";
import { type FastcgiAppOptions, fastcgiApp } from "../../src/remote/fastcgi-app.ts";

it.each([
  ["maxConnections", [0, -1, 1.5, "4", 4097, Number.NaN]],
  ["keepAlive", [-1, 1.5, 2 ** 31, Number.POSITIVE_INFINITY]],
  ["connectTimeout", [0, -1, 2 ** 31]],
  ["requestTimeout", [-1, 0.5, "60"]],
  ["streamTimeout", [-1, 0.5, "60"]],
  ["totalTimeout", [-1, 0.5]],
  ["queueTimeout", [-1, 0.5]],
  ["queueLength", [-1, 0.5]],
  ["maxFailures", [0, 1001]],
  ["gracefulTimeout", [-1, 2 ** 31]],
  ["maxBodySize", [-1, 0.5, "1"]],
  ["spoolThreshold", [-1, 0.5]],
  ["logger", [{}, { info: () => undefined }]],
])("%s may be none of %j, and the error names it", (option, values) => {
  for (const value of values) {
    const make = (): unknown => fastcgiApp("/tmp/none.sock", { [option]: value } as FastcgiAppOptions);
    expect(make).toThrow(OptionError);
    expect(make).toThrow(option);
  }
});

it("an app is made without a connection: the servers need not listen yet", async () => {
  const app = fastcgiApp(["127.0.0.1:1", "/nowhere.sock"]);
  expect(app.stats()).toEqual({
    addresses: ["127.0.0.1:1", "/nowhere.sock"].map((address) => ({
      address,
      connections: 0,
      busy: 0,
      ejected: false,
      requests: 0,
      failures: 0,
    })),
    queue: { length: 0 },
  });
  await app.close();
});
