/** When an address is given up, and when it is tried: on a clock that the test moves. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Health } from "../../src/remote/health.ts";

const REASON = new Error("refused");

/** A health whose news are noted. */
function start(maxFailures = 2): { health: Health; news: string[] } {
  const news: string[] = [];
  const health = new Health(
    { maxFailures, firstProbe: 1000, lastProbe: 4000 },
    {
      ejected: (reason) => news.push(`ejected: ${reason.message}`),
      probe: () => news.push("probe"),
      restored: () => news.push("restored"),
    },
  );
  return { health, news };
}

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

describe("an address", () => {
  it("is out after so many failures in a row", () => {
    const { health, news } = start(3);
    for (let i = 0; i < 2; i += 1) health.failed(REASON, true);
    expect(health.isEjected).toBe(false);
    health.failed(REASON, true);
    expect(health.isEjected).toBe(true);
    expect(news).toEqual(["ejected: refused"]);
  });

  it("is not out after as many failures with a success between them", () => {
    const { health } = start(2);
    health.failed(REASON, true);
    health.succeeded();
    health.failed(REASON, true);
    expect(health.isEjected).toBe(false);
  });

  it("is not out while it is the last, and is at the next failure after that", () => {
    const { health } = start(1);
    for (let i = 0; i < 5; i += 1) health.failed(REASON, false);
    expect(health.isEjected).toBe(false);
    health.failed(REASON, true);
    expect(health.isEjected).toBe(true);
  });

  it("that is out is tried after a second, then after twice as long each time, up to the longest", () => {
    const { health, news } = start(1);
    health.failed(REASON, true);
    for (const delay of [1000, 2000, 4000, 4000]) {
      news.length = 0;
      vi.advanceTimersByTime(delay - 1);
      expect(news).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(news).toEqual(["probe"]);
      health.failed(REASON, true);
    }
  });

  it("is tried no sooner and no later because a connection fails that was begun before", () => {
    const { health, news } = start(1);
    health.failed(REASON, true);
    vi.advanceTimersByTime(500);
    health.failed(REASON, true);
    vi.advanceTimersByTime(500);
    expect(news).toEqual(["ejected: refused", "probe"]);
  });

  it("is back with the first connection, and its patience begins anew", () => {
    const { health, news } = start(1);
    health.failed(REASON, true);
    vi.advanceTimersByTime(1000);
    health.failed(REASON, true);
    health.succeeded();
    expect(health.isEjected).toBe(false);
    vi.advanceTimersByTime(60_000);
    health.failed(REASON, true);
    vi.advanceTimersByTime(1000);
    expect(news).toEqual(["ejected: refused", "probe", "restored", "ejected: refused", "probe"]);
  });

  it("is not tried after stop(), whatever fails then", () => {
    const { health, news } = start(1);
    health.failed(REASON, true);
    health.stop();
    health.failed(REASON, true);
    vi.advanceTimersByTime(60_000);
    expect(news).toEqual(["ejected: refused"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
