import { expect, it } from "vitest";
import { hostPython } from "../support/python.ts";

it.each(["BrokenPipeError", "ConnectionResetError", "ConnectionAbortedError", "ConnectionRefusedError", "EOFError"])(
  "EXC-01, EXC-02: a %s that the app raises is an ordinary error of the app, and its process keeps running",
  async (error) => {
    const { url, logger } = await hostPython("connections:application", { threads: 1 });
    const pid = await (await fetch(`${url}/pid`)).text();
    expect((await fetch(`${url}/${error}`)).status).toBe(500);
    expect(logger.text).toContain(`${error}: a pipe of the application's own`);
    expect(await (await fetch(`${url}/pid`)).text()).toBe(pid);
  },
);
