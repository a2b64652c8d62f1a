/** The types of the rows of the matrix. Knows no row, no server and no bridge. */
import type { RequestListener } from "node:http";
import type express from "express";
import type Koa from "koa";

/** The parts of a response that are compared: names in lower case, fields sorted, without the value of Date. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** The statuses of the interim responses. */
  readonly interim: readonly number[];
  /** `name: value`. */
  readonly headers: readonly string[];
  /** Latin-1: one character per byte. */
  readonly body: string;
  /** The connection ended before the body did. */
  readonly broken: boolean;
}

/** The bytes of a request as latin-1, or a function that makes them from earlier responses (cookies, tokens, ETags). */
export type Request = string | ((before: readonly Answer[]) => string);

/** The status that the app must send, the request, and a pattern that the response must match. */
export type Step = readonly [status: number, request: Request, shows?: RegExp];

/** A part that differs between runs and is compared as `*`. A length that depends on it is still compared. */
export interface Mask {
  readonly pattern: RegExp;
  readonly because: string;
}

/** Writes a line to a log, which is compared, too. */
export type Log = (line: string) => void;

/** An app, and the requests that are sent to both servers, in this order. */
export interface Row<Framework, App> {
  readonly title: string;
  /** Called once for each server. */
  readonly build: (framework: Framework, log: Log) => App | Promise<App>;
  readonly steps: readonly Step[];
  /** The number of lines in the log at the end. */
  readonly lines?: number;
  readonly masks?: readonly Mask[];
  /** The only version of the framework that supports this row. */
  readonly only?: string;
}

export type PlainRow = Row<undefined, RequestListener>;
export type ExpressRow = Row<typeof express, RequestListener>;
export type KoaRow = Row<typeof Koa, Koa>;
