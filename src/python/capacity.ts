/** Says in the log how many requests an app serves at the same time. Knows two numbers; knows no process. */

export interface Capacity {
  readonly processes: number;
  readonly threads: number;
}

/** Returns, for example, "2 processes of 4 threads". */
export function capacity({ processes, threads }: Capacity): string {
  return `${count(processes, "process", "processes")} of ${count(threads, "thread", "threads")}`;
}

/** Returns the line for an app whose number of processes was not chosen. */
export function capacityAdvice(target: string, numbers: Capacity): string {
  const advice = "raise threads for work that waits, processes for CPU-bound work if the app keeps no state in memory";
  return `${target}: ${capacity(numbers)}; ${advice}`;
}

const count = (number: number, one: string, more: string): string => `${number} ${number === 1 ? one : more}`;
