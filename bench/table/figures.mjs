/** The figures of a row: the head of the column, the words in a comparison, the digits, and the scale for display. */

/** @type {Record<string, { head: string, words: string, digits: number, scale?: number }>} values are multiplied by `scale` */
export const FIGURES = {
  rps: { head: "requests/s", words: "requests per second", digits: 0 },
  p50: { head: "p50 ms", words: "p50", digits: 2 },
  p99: { head: "p99 ms", words: "p99", digits: 2 },
  cpu: { head: "CPU µs/request", words: "CPU per request", digits: 0 },
  loadCpu: { head: "load CPU µs/request", words: "the load generator's CPU", digits: 0 },
  rss: { head: "RSS MiB", words: "memory", digits: 0, scale: 2 ** -20 },
  processes: { head: "processes", words: "processes", digits: 0 },
  pss: { head: "PSS MiB", words: "memory of the Python processes", digits: 1, scale: 2 ** -20 },
  idleCpu: { head: "CPU µs/s", words: "CPU per second of waiting, in µs", digits: 0 },
  allReady: { head: "all ready ms", words: "time until all processes are ready", digits: 0 },
  firstAnswer: { head: "first response ms", words: "time to the first response", digits: 0 },
  nextAnswer: { head: "next response ms", words: "time to the next response", digits: 0 },
  lostRequests: { head: "requests lost", words: "requests lost", digits: 0 },
};
