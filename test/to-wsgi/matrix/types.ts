/** What a row of the matrix is. Knows no row, no server and no bridge. */
import type { RequestListener } from "node:http";
import type express from "express";
import type Koa from "koa";

/** One answer as far as it is compared: names in lower case, fields sorted, the value of Date left out. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** The statuses of what came before the final answer. */
  readonly interim: readonly number[];
  /** `name: value`. */
  readonly headers: readonly string[];
  /** Latin-1: one character a byte. */
  readonly body: string;
  /** The connection ended before the body did. */
  readonly broken: boolean;
}

/** A request's bytes as latin-1, or how they follow from the answers before (cookies, tokens, ETags). */
export type Request = string | ((before: readonly Answer[]) => string);

/** The status that the app itself gives, the request, and what the answer has to show for the row to be about its title. */
export type Step = readonly [status: number, request: Request, shows?: RegExp];

/** What differs from run to run, and is compared as `*`. A length that hangs on it stays compared. */
export interface Mask {
  readonly pattern: RegExp;
  readonly because: string;
}

/** Takes a line of a log that is compared too. */
export type Log = (line: string) => void;

/** An app, and the requests that both of its sides get, in this order. */
export interface Row<Framework, App> {
  readonly title: string;
  /** Called anew for each side. */
  readonly build: (framework: Framework, log: Log) => App | Promise<App>;
  readonly steps: readonly Step[];
  /** How many lines its log has in the end. */
  readonly lines?: number;
  readonly masks?: readonly Mask[];
  /** The one version of the framework that can do this. */
  readonly only?: string;
}

export type PlainRow = Row<undefined, RequestListener>;
export type ExpressRow = Row<typeof express, RequestListener>;
export type KoaRow = Row<typeof Koa, Koa>;
