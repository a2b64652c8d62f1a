/** Tests of deadlines, with a fake clock. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Deadlines, type Timed } from "../../src/node/deadlines.ts";

/** An operation that starts now, and adds its name to `over` when it expires. */
function timed(name: string, over: string[]): Timed & { since: number } {
  return { since: performance.now(), expire: () => void over.push(name) };
}

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

describe("deadlines", () => {
  it("expire one after another, on one timer", () => {
    const over: string[] = [];
    const deadlines = new Deadlines(100);
    deadlines.add(timed("a", over));
    vi.advanceTimersByTime(50);
    deadlines.add(timed("b", over));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(49);
    expect(over).toEqual([]);
    vi.advanceTimersByTime(3);
    expect(over).toEqual(["a"]);
    vi.advanceTimersByTime(50);
    expect(over).toEqual(["a", "b"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("move if an operation starts again, and do not expire if it was deleted", () => {
    const over: string[] = [];
    const deadlines = new Deadlines(100);
    const [anew, deleted] = [timed("anew", over), timed("deleted", over)];
    deadlines.add(anew);
    deadlines.add(deleted);
    vi.advanceTimersByTime(60);
    anew.since = performance.now();
    deadlines.delete(deleted);
    vi.advanceTimersByTime(60);
    expect(over).toEqual([]);
    vi.advanceTimersByTime(60);
    expect(over).toEqual(["anew"]);
  });

  it("leave no timer after clear(), and need none if there is no limit", () => {
    const over: string[] = [];
    const [limited, unlimited] = [new Deadlines(100), new Deadlines(Number.POSITIVE_INFINITY)];
    limited.add(timed("a", over));
    unlimited.add(timed("b", over));
    expect(vi.getTimerCount()).toBe(1);
    limited.clear();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(over).toEqual([]);
  });
});
