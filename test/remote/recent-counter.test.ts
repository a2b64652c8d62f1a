import { expect, it } from "vitest";
import { RecentCounter } from "../../src/remote/recent-counter.ts";

it("counts the events within its window, and forgets older ones", () => {
  const recent = new RecentCounter(100);
  expect(recent.count(0)).toBe(0);
  for (const time of [0, 10, 90]) recent.add(time);
  expect([99, 100, 109, 110, 190].map((now) => recent.count(now))).toEqual([3, 2, 2, 1, 0]);
  recent.add(200);
  expect(recent.count(201)).toBe(1);
});

it("holds at most 1,024 events, the latest", () => {
  const recent = new RecentCounter(100);
  for (let time = 0; time < 5000; time += 1) recent.add(time / 100);
  expect(recent.count(50)).toBe(1024);
  expect(recent.count(149.9)).toBe(9);
});
