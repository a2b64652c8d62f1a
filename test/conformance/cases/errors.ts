/** Apps that fail (PEP 3333, "Error Handling"; EXC). */
import type { HeaderPair, WsgiApp } from "../../../src/index.ts";
import { bytes } from "../../support/bytes.ts";
import { both, PLAIN } from "../apps.ts";
import type { Case } from "../types.ts";

const SECRET: HeaderPair[] = [PLAIN, ["Set-Cookie", "secret=1"]];
const TOLD = { status: 500, lacks: /secret/i, log: [/hunter2/] } as const;

/** A case for a failure that only JavaScript has. */
const throws = (name: string, app: WsgiApp, log: RegExp): Case => ({
  name,
  app,
  expect: { status: 500, log: [log] },
});

/** A case for an exception that would normally end a Python process. */
const raises = (exception: string): Case => ({
  name: `EXC-05: responds with a 500 to a ${exception} in a Python app and keeps the process`,
  request: { times: 2 },
  twin: { name: "raises", args: [exception] },
  expect: { status: 500, log: [new RegExp(`${exception}: hunter2`)] },
});

export const ERRORS: readonly Case[] = [
  {
    name: "EXC-01, EXC-02: responds with a 500 if the app fails; the reason is in the log and not in the response",
    ...both("fails", () => {
      throw new Error("hunter2");
    }),
    expect: { status: 500, log: [/hunter2/, /errors\.ts:|twins\.py/] },
  },
  {
    name: "EXC-02: sends nothing of the app's head if the app then fails",
    ...both("fails_started", (_environ, startResponse) => {
      startResponse("200 Secret", SECRET);
      throw new Error("hunter2");
    }),
    expect: TOLD,
  },
  {
    name: "EXC-02: sends nothing of the app's head if the first block fails",
    ...both("fails_iterated", function* (_environ, startResponse) {
      startResponse("200 Secret", SECRET);
      yield bytes("");
      throw new Error("hunter2");
    }),
    expect: TOLD,
  },
  {
    name: "EXC-02, EXC-06: keeps the connection and the server after an app fails (Plack: app dies)",
    request: { times: 3 },
    ...both("fails", () => {
      throw new Error("hunter2");
    }),
    expect: { status: 500, log: [/hunter2/] },
  },
  {
    name: "EXC-03, SEC-21: aborts the response if the app fails after the head, and sends no error page",
    ...both("fails_late", function* (_environ, startResponse) {
      startResponse("200 OK", [PLAIN]);
      yield bytes("begun");
      throw new Error("hunter2");
    }),
    expect: { headers: [PLAIN], body: "begun", broken: true, lacks: /hunter2/, log: [/hunter2/] },
  },
  {
    name: "EXC-03: aborts a response with a Content-Length if the app fails after the head",
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
    name: "EXC-03: logs an error after the last declared byte and completes the response",
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
    name: "EXC-02, SR-04: sends the app's own error page (B3: error output)",
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
  throws(
    "EXC-01: responds with a 500 if the app returns a rejected promise",
    () => Promise.reject(new Error("hunter2")),
    /hunter2/,
  ),
  throws(
    "EXC-01: responds with a 500 if the app throws a value that is not an Error",
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
