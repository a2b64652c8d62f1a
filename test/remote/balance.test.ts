import { expect, it } from "vitest";
import { type Candidate, leastLoaded } from "../../src/remote/balance.ts";

const at = (load: number, hasRoom = true, isEjected = false): Candidate => ({ load, hasRoom, isEjected });
const none = (): boolean => false;

it.each([
  ["the least loaded", [at(2), at(1), at(3)], 0, 1],
  ["equals take turns: first", [at(1), at(1), at(1)], 3, 0],
  ["equals take turns: second", [at(1), at(1), at(1)], 4, 1],
  ["equals take turns: third", [at(1), at(1), at(1)], 5, 2],
  ["the load matters more than the turn", [at(0), at(1), at(1)], 1, 0],
  ["not one without room", [at(0, false), at(5)], 0, 1],
  ["not one that is ejected", [at(0, true, true), at(5)], 0, 1],
  ["none, if none can", [at(0, false), at(0, true, true)], 0, undefined],
  ["none of none", [], 0, undefined],
] as [string, Candidate[], number, number | undefined][])(
  "leastLoaded chooses %s",
  (_what, candidates, turn, index) => {
    expect(leastLoaded(candidates, turn, none)).toBe(index === undefined ? undefined : candidates[index]);
  },
);

it("leastLoaded skips the candidates that are excluded", () => {
  const [a, b] = [at(0), at(9)];
  expect(leastLoaded([a, b], 0, (one) => one === a)).toBe(b);
  expect(leastLoaded([a, b], 0, () => true)).toBeUndefined();
});
