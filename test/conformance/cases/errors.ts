/** Apps that fail (PEP 3333, "Error Handling"; EXC). */
import type { HeaderPair, WsgiApp } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { both, PLAIN } from "../apps.ts";
import type { Case } from "../types.ts";

const SECRET: HeaderPair[] = [PLAIN, ["Set-Cookie", "secret=1"]];
const TOLD = { status: 500, lacks: /secret/i, log: [/hunter2/] } as const;

/** An app that fails in JavaScript's ways: Python has one. */
const throws = (name: string, app: WsgiApp, log: RegExp): Case => ({
  name,
  app,
  expect: { status: 500, log: [log] },
});

/** What an app in Python raises to end its process. */
const raises = (exception: string): Case => ({
  name: `EXC-05: ${exception} of a Python app is no answer, and the process goes on`,
  request: { times: 2 },
  twin: { name: "raises", args: [exception] },
  expect: { status: 500, log: [new RegExp(`${exception}: hunter2`)] },
});

export const ERRORS: readonly Case[] = [
  {
    name: "EXC-01, EXC-02: an app that fails is a 500; the log knows why, the client does not",
    ...both("fails", () => {
      throw new Error("hunter2");
    }),
    expect: { status: 500, log: [/hunter2/, /errors\.ts:|twins\.py/] },
  },
  {
    name: "EXC-02: nothing is left of the head that it had meant to send",
    ...both("fails_started", (_environ, startResponse) => {
      startResponse("200 Secret", SECRET);
      throw new Error("hunter2");
    }),
    expect: TOLD,
  },
  {
    name: "EXC-02: nor when the first block fails",
    ...both("fails_iterated", function* (_environ, startResponse) {
      startResponse("200 Secret", SECRET);
      yield bytes("");
      throw new Error("hunter2");
    }),
    expect: TOLD,
  },
  {
    name: "EXC-02, EXC-06: its connection and its server live on (Plack: app dies)",
    request: { times: 3 },
    ...both("fails", () => {
      throw new Error("hunter2");
    }),
    expect: { status: 500, log: [/hunter2/] },
  },
  {
    name: "EXC-03, SEC-21: after the head there is no end that looks well, and no error page",
    ...both("fails_late", function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("begun");
      throw new Error("hunter2");
    }),
    expect: { headers: [PLAIN], body: "begun", broken: true, lacks: /hunter2/, log: [/hunter2/] },
  },
  {
    name: "EXC-03: nor with a declared length",
    ...both(
      "fails_late",
      function* (_environ, startResponse) {
        startResponse("200 OK", [PLAIN, ["Content-Length", "9"]]);
        yield bytes("begun");
        throw new Error("hunter2");
      },
      9,
    ),
    expect: { headers: [PLAIN, ["Content-Length", "9"]], body: "begun", broken: true, log: [/hunter2/] },
  },
  {
    name: "EXC-03: an error after the last declared byte is logged, and the answer is whole",
    ...both(
      "fails_late",
      function* (_environ, startResponse) {
        startResponse("200 OK", [PLAIN, ["Content-Length", "5"]]);
        yield bytes("begun");
        throw new Error("hunter2");
      },
      5,
    ),
    expect: { headers: [PLAIN, ["Content-Length", "5"]], body: "begun", log: [/hunter2/] },
  },
  {
    name: "EXC-02, SR-04: an app's own error page goes out as any page (B3: error output)",
    ...both("own_error_page", (_environ, startResponse) => {
      try {
        throw new Error("hunter2");
      } catch (error) {
        startResponse("500 Own", [PLAIN], error);
      }
      return [bytes("own page")];
    }),
    expect: { status: 500, reason: "Own", headers: [PLAIN], autoLength: 8, body: "own page" },
  },
  throws("EXC-01: a promise that is rejected", () => Promise.reject(new Error("hunter2")), /hunter2/),
  throws(
    "EXC-01: something thrown that is no error",
    () => {
      throw "hunter2";
    },
    /hunter2/,
  ),
  raises("SystemExit"),
  raises("KeyboardInterrupt"),
  raises("MemoryError"),
  raises("GeneratorExit"),
];
