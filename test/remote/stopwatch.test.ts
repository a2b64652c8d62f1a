/** The time of a request, on a clock that the test moves. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Deadlines } from "../../src/node/deadlines.ts";
import { renewing, Stopwatch } from "../../src/remote/stopwatch.ts";
import { bodyOf } from "../support/responder.ts";

/** A watch of 100 ms that notes when it expires. */
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
  it("expires when its time is over", () => {
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

  it("stands still while it is held, and then begins anew", () => {
    const { watch, expired } = start();
    vi.advanceTimersByTime(60);
    watch.hold();
    vi.advanceTimersByTime(1000);
    watch.release();
    vi.advanceTimersByTime(60);
    expect(expired()).toBe(false);
    vi.advanceTimersByTime(60);
    expect(expired()).toBe(true);
  });

  it("that is released without having been held has no more time than before", () => {
    const { watch, expired } = start();
    vi.advanceTimersByTime(60);
    watch.release();
    vi.advanceTimersByTime(60);
    expect(expired()).toBe(true);
  });

  it("begins anew with each block of a body that goes out", async () => {
    const { watch, expired } = start();
    const body = renewing(bodyOf("a", "b", "c"), watch);
    expect(body.size).toBe(3);
    for await (const _block of body.blocks()) vi.advanceTimersByTime(60);
    expect(expired()).toBe(false);
    vi.advanceTimersByTime(60);
    expect(expired()).toBe(true);
  });
});
