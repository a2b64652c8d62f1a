/** Tests of the limits of a response, with a fake clock. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { ResponseDeadlines, ResponseTimer } from "../../src/node/response-timer.ts";
import type { HeaderPair } from "../../src/wsgi/types.ts";

const PLAIN: HeaderPair[] = [["Content-Type", "text/plain"]];
const EVENTS: HeaderPair[] = [["content-type", "Text/Event-Stream ; charset=utf-8"]];

/** A timer that has started: 100 ms until the head, 200 ms between two pieces. `expired` lists the limits that were exceeded. */
function start(limits = { requestTimeout: 100, streamTimeout: 200 }): { timer: ResponseTimer; expired: string[] } {
  const expired: string[] = [];
  const timer = new ResponseTimer(new ResponseDeadlines(limits), (limit) => expired.push(limit));
  timer.start();
  return { timer, expired };
}

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

describe("a response timer", () => {
  it("has requestTimeout until the head", () => {
    const { expired } = start();
    vi.advanceTimersByTime(99);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(3);
    expect(expired).toEqual(["requestTimeout"]);
  });

  it.each([[PLAIN], [[]], [[["Content-Type", "text/event-stream2"]] as HeaderPair[]]])(
    "has streamTimeout from the head on, anew with each piece: %j",
    (headers) => {
      const { timer, expired } = start();
      timer.head(headers);
      vi.advanceTimersByTime(180);
      timer.refresh();
      vi.advanceTimersByTime(180);
      expect(expired).toEqual([]);
      vi.advanceTimersByTime(30);
      expect(expired).toEqual(["streamTimeout"]);
    },
  );

  it("has no limit for an event stream, until its client has left", () => {
    const { timer, expired } = start();
    timer.head(EVENTS);
    vi.advanceTimersByTime(1_000_000);
    timer.clientLeft();
    vi.advanceTimersByTime(180);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(30);
    expect(expired).toEqual(["streamTimeout"]);
  });

  it("keeps its limit when the client of another response leaves", () => {
    const { timer, expired } = start();
    vi.advanceTimersByTime(60);
    timer.clientLeft();
    vi.advanceTimersByTime(50);
    expect(expired).toEqual(["requestTimeout"]);
  });

  it("does not run while it is paused, and then starts again", () => {
    const { timer, expired } = start();
    timer.head(PLAIN);
    vi.advanceTimersByTime(150);
    timer.pause();
    vi.advanceTimersByTime(1000);
    timer.resume();
    vi.advanceTimersByTime(150);
    expect(expired).toEqual([]);
    timer.resume(); // has no effect without a pause
    vi.advanceTimersByTime(60);
    expect(expired).toEqual(["streamTimeout"]);
  });

  it("does not expire once it is stopped, and starts again for another attempt", () => {
    const { timer, expired } = start();
    timer.head(PLAIN);
    timer.stop();
    vi.advanceTimersByTime(1000);
    expect(expired).toEqual([]);
    timer.start();
    vi.advanceTimersByTime(110);
    timer.head(PLAIN); // too late
    vi.advanceTimersByTime(1000);
    expect(expired).toEqual(["requestTimeout"]);
  });

  it("knows no limit that is infinite, and leaves no timer behind when all deadlines are cleared", () => {
    const { timer, expired } = start({ requestTimeout: Number.POSITIVE_INFINITY, streamTimeout: 200 });
    vi.advanceTimersByTime(1_000_000);
    expect(expired).toEqual([]);
    timer.head(PLAIN);
    const deadlines = new ResponseDeadlines({ requestTimeout: 1, streamTimeout: 1 });
    new ResponseTimer(deadlines, (limit) => expired.push(limit)).start();
    deadlines.clear();
    vi.advanceTimersByTime(10);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(expired).toEqual(["streamTimeout"]);
  });
});
