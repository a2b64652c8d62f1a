/** What is told of a row: the head of its column, its words in a comparison, its unit for people. Knows no row. */

/** @type {Record<string, { head: string, words: string, digits: number, scale?: number }>} shown times `scale` */
export const FIGURES = {
  rps: { head: "requests/s", words: "requests a second", digits: 0 },
  p50: { head: "p50 ms", words: "p50", digits: 2 },
  p99: { head: "p99 ms", words: "p99", digits: 2 },
  cpu: { head: "CPU µs/request", words: "CPU a request", digits: 0 },
  loadCpu: { head: "load's CPU µs/request", words: "the load generator's CPU", digits: 0 },
  rss: { head: "RSS MiB", words: "memory", digits: 0, scale: 2 ** -20 },
  processes: { head: "processes", words: "processes", digits: 0 },
  idleCpu: { head: "CPU µs/s", words: "CPU a second of waiting, in µs", digits: 0 },
  allReady: { head: "all ready ms", words: "time until all processes are ready", digits: 0 },
  firstAnswer: { head: "first answer ms", words: "time to the first answer", digits: 0 },
  nextAnswer: { head: "next answer ms", words: "time to the next answer", digits: 0 },
  lostRequests: { head: "requests lost", words: "requests lost", digits: 0 },
};
