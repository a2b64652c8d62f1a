/** The timers of a request. The test moves the clock. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Deadlines } from "../../src/node/deadlines.ts";
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

  it("does not run while it is paused, and then starts again", () => {
    const { watch, expired } = start();
    vi.advanceTimersByTime(60);
    watch.pause();
    vi.advanceTimersByTime(1000);
    watch.resume();
    vi.advanceTimersByTime(60);
    expect(expired()).toBe(false);
    vi.advanceTimersByTime(60);
    expect(expired()).toBe(true);
  });

  it("that is resumed without a pause gets no more time", () => {
    const { watch, expired } = start();
    vi.advanceTimersByTime(60);
    watch.resume();
    vi.advanceTimersByTime(60);
    expect(expired()).toBe(true);
  });

  it("starts again with each block of a body that is sent", async () => {
    const { watch, expired } = start();
    const body = refreshing(bodyOf("a", "b", "c"), watch);
    expect(body.size).toBe(3);
    for await (const _block of body.blocks()) vi.advanceTimersByTime(60);
    expect(expired()).toBe(false);
    vi.advanceTimersByTime(60);
    expect(expired()).toBe(true);
  });
});
