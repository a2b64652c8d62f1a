/** Chooses the process that gets a request. Knows lanes and quarantines; knows no request. */
import type { Slot } from "./slot.ts";
import type { Worker } from "./worker.ts";

/** Returns the process with the most free lanes; undefined if no process has a free lane. */
export function leastBusy(slots: readonly Slot[]): Worker | undefined {
  let best: Worker | undefined;
  let most = 0;
  for (const { serving } of slots) {
    const free = serving?.freeLanes ?? 0;
    if (free > most) {
      best = serving;
      most = free;
    }
  }
  return best;
}

/** Returns how many processes are ready for requests. */
export function readyCount(slots: readonly Slot[]): number {
  let ready = 0;
  for (const { serving } of slots) if (serving?.state === "ready") ready += 1;
  return ready;
}

/**
 * Returns a process for a suspect, a request that may crash it; undefined if no process is suitable now.
 *
 * An idle process is best. A process whose requests have all run for a while is also suitable, unless another process is
 * being replaced: then the suspect waits for the replacement. It never gets the last ready process while a replacement
 * starts. If there are several processes, only one at a time serves a suspect.
 */
export function workerForSuspect(slots: readonly Slot[]): Worker | undefined {
  const workers = slots.flatMap(({ serving }) => serving ?? []);
  if (workers.length > 1 && workers.some(({ quarantine }) => quarantine.active)) return undefined;
  const isReplacing = slots.some((slot) => slot.serving?.state !== "ready" && !slot.isFailing);
  const settled = workers.filter(isSettled);
  const idle = settled.find(({ busyLanes }) => busyLanes === 0);
  if (isReplacing) return readyCount(slots) > 1 ? idle : undefined;
  return idle ?? settled[0];
}

/** True if the process has a free lane, and is idle or has only requests that have run for a while. */
function isSettled({ freeLanes, busyLanes, quarantine }: Worker): boolean {
  return freeLanes > 0 && (busyLanes === 0 || quarantine.settled);
}
