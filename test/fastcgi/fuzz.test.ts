/** 100,000 damaged records: whatever a server sends, it can break only its own connection. */
import { Duplex } from "node:stream";
import { expect, it } from "vitest";
import type { CgiHead } from "../../src/fastcgi/cgi-head.ts";
import { FastcgiConnection, type ResponseEvents } from "../../src/fastcgi/connection.ts";
import { below, damage } from "../support/damage.ts";
import { type Random, seeded } from "../support/raw-mutations.ts";
import { endRequest, exception, latin1, padded, stderr, stdout } from "../support/records.ts";
import { PAIRS } from "../support/responder.ts";

const RECORDS = 100_000;
/** The number of connections at a time. */
const BATCH = 500;

/** Complete responses, to be damaged. */
const RESPONSES: readonly (readonly string[])[] = [
  [stdout("Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"), stdout(""), endRequest()],
  [stdout("Status: 404 Not Found\r\n"), stdout("X-A: b\r\n\r\n"), stderr("log"), stdout("body"), endRequest(1)],
  [stderr("PHP Warning"), padded(6, "X-Powered-By: PHP\r\n\r\nbody", 7), padded(6, "more", 255), endRequest(0, 2)],
  [exception("ValueError", "Traceback"), endRequest(1)],
  [stdout("Location: /b\n\n"), stdout("x".repeat(300)), endRequest(), stdout("late"), endRequest()],
];

/** The events of a connection, each with the events that may come before it. */
class Watched implements ResponseEvents {
  readonly faults: string[] = [];
  begun = false;
  /** True after `ended` or `lost`. */
  over = false;
  closed = 0;

  close(): void {
    this.closed += 1;
  }
  note(event: string, allowed: boolean): void {
    if (this.over || !allowed) this.faults.push(event);
  }
  stderr(slice: Buffer): void {
    this.note("stderr", slice.length >= 0);
  }
  head({ status, headers }: CgiHead): void {
    this.note("head", !this.begun && typeof status === "string" && Array.isArray(headers));
    this.begun = true;
  }
  headAlone(): void {
    this.note("headAlone", this.begun);
  }
  body(slice: Buffer): void {
    this.note("body", this.begun && slice.length > 0);
  }
  exception(pairs: ReadonlyMap<string, string>): void {
    this.note("exception", pairs instanceof Map);
  }
  ended(appStatus: number, protocolStatus: number): void {
    this.note("ended", appStatus >= 0 && protocolStatus >= 0 && protocolStatus <= 255);
    this.over = true;
  }
  lost(reason: Error): void {
    this.note("lost", reason instanceof Error && this.closed === 1);
    this.over = true;
  }
}

/** A connection with a running request. Its peer sends these bytes in pieces, and then closes. */
function feed(random: Random, bytes: Buffer): { duplex: Duplex; watched: Watched; play(): void } {
  const watched = new Watched();
  const duplex = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const owner = { idle: () => undefined, closed: () => watched.close() };
  const connection = new FastcgiConnection(duplex, owner);
  connection.send(PAIRS, undefined, watched);
  const play = (): void => {
    for (let at = 0; at < bytes.length && !duplex.destroyed; ) {
      const end = random() < 0.5 ? bytes.length : at + 1 + below(random, bytes.length - at);
      duplex.push(bytes.subarray(at, end));
      at = end;
    }
    if (!duplex.destroyed) duplex.push(null);
    duplex.resume();
  };
  return { duplex, watched, play };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("WRK-05: each response ends once, in order, or its connection is lost; nothing else happens", async () => {
  const random = seeded(20_261_123);
  let records = 0;
  let [ended, lost] = [0, 0];
  while (records < RECORDS) {
    const fed = Array.from({ length: BATCH }, () => {
      const response = RESPONSES[below(random, RESPONSES.length)] as readonly string[];
      records += response.length;
      return feed(random, latin1(damage(random, response.join(""))));
    });
    await turn(); // a stream starts to flow in the next turn
    for (const { play } of fed) play();
    await turn();
    for (const { duplex } of fed) duplex.destroy();
    await turn();
    for (const { watched, duplex } of fed) {
      expect(watched.faults).toEqual([]);
      expect(watched.over).toBe(true);
      expect(watched.closed).toBe(1);
      if (duplex.errored === null) ended += 1;
      else lost += 1;
    }
  }
  expect(ended).toBeGreaterThan(1000);
  expect(lost).toBeGreaterThan(1000);
});
