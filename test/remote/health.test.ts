/** When an address is ejected, and when it is probed. The test moves the clock. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Health } from "../../src/remote/health.ts";

const REASON = new Error("refused");

/** A `Health` whose events are recorded. */
function start(maxFailures = 2): { health: Health; events: string[] } {
  const events: string[] = [];
  const health = new Health(
    { maxFailures, firstDelay: 1000, maxDelay: 4000 },
    {
      ejected: (reason) => events.push(`ejected: ${reason.message}`),
      probe: () => events.push("probe"),
      restored: () => events.push("restored"),
    },
  );
  return { health, events };
}

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

describe("an address", () => {
  it("is ejected after maxFailures consecutive failures", () => {
    const { health, events } = start(3);
    for (let i = 0; i < 2; i += 1) health.failed(REASON, true);
    expect(health.isEjected).toBe(false);
    health.failed(REASON, true);
    expect(health.isEjected).toBe(true);
    expect(events).toEqual(["ejected: refused"]);
  });

  it("is not ejected if a success comes between the failures", () => {
    const { health } = start(2);
    health.failed(REASON, true);
    health.succeeded();
    health.failed(REASON, true);
    expect(health.isEjected).toBe(false);
  });

  it("is not ejected while it is the last one, but at the next failure after that", () => {
    const { health } = start(1);
    for (let i = 0; i < 5; i += 1) health.failed(REASON, false);
    expect(health.isEjected).toBe(false);
    health.failed(REASON, true);
    expect(health.isEjected).toBe(true);
  });

  it("that is ejected is probed after a second, then with doubled delays up to the longest", () => {
    const { health, events } = start(1);
    health.failed(REASON, true);
    for (const delay of [1000, 2000, 4000, 4000]) {
      events.length = 0;
      vi.advanceTimersByTime(delay - 1);
      expect(events).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(events).toEqual(["probe"]);
      health.failed(REASON, true);
    }
  });

  it("is probed at the same time if an older attempt to connect fails", () => {
    const { health, events } = start(1);
    health.failed(REASON, true);
    vi.advanceTimersByTime(500);
    health.failed(REASON, true);
    vi.advanceTimersByTime(500);
    expect(events).toEqual(["ejected: refused", "probe"]);
  });

  it("is up after the first connection, and its failures and delays start again", () => {
    const { health, events } = start(1);
    health.failed(REASON, true);
    vi.advanceTimersByTime(1000);
    health.failed(REASON, true);
    health.succeeded();
    expect(health.isEjected).toBe(false);
    vi.advanceTimersByTime(60_000);
    health.failed(REASON, true);
    vi.advanceTimersByTime(1000);
    expect(events).toEqual(["ejected: refused", "probe", "restored", "ejected: refused", "probe"]);
  });

  it("is not probed after stop(), whatever fails then", () => {
    const { health, events } = start(1);
    health.failed(REASON, true);
    health.stop();
    health.failed(REASON, true);
    vi.advanceTimersByTime(60_000);
    expect(events).toEqual(["ejected: refused"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
