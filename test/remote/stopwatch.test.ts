/** The timers of a request. The test moves the clock. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Deadlines } from "../../src/node/deadlines.ts";
import { ResponseDeadlines, ResponseTimer } from "../../src/node/response-timer.ts";
import { refreshing, Stopwatch } from "../../src/remote/stopwatch.ts";
import { bodyOf } from "../support/responder.ts";

/** A watch of 100 ms that records when it expires. */
function start(): { watch: Stopwatch; expired: () => boolean } {
  let expired = false;
  const watch = new Stopwatch(new Deadlines(100), () => {
    expired = true;
  });
  watch.start();
  return { watch, expired: () => expired };
}

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

describe("a watch", () => {
  it("expires when its time runs out", () => {
    const { expired } = start();
    vi.advanceTimersByTime(99);
    expect(expired()).toBe(false);
    vi.advanceTimersByTime(3);
    expect(expired()).toBe(true);
  });

  it("does not expire once it is stopped", () => {
    const { watch, expired } = start();
    watch.stop();
    vi.advanceTimersByTime(1000);
    expect(expired()).toBe(false);
  });
});

it("requestTimeout starts again with each block of a body that is sent", async () => {
  const expired: string[] = [];
  const deadlines = new ResponseDeadlines({ requestTimeout: 100, streamTimeout: 100 });
  const timer = new ResponseTimer(deadlines, (limit) => expired.push(limit));
  timer.start();
  const body = refreshing(bodyOf("a", "b", "c"), timer);
  expect(body.size).toBe(3);
  for await (const _block of body.blocks()) vi.advanceTimersByTime(60);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(60);
  expect(expired).toEqual(["requestTimeout"]);
});
