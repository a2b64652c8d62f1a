const url = `http://127.0.0.1:${process.env.PORT ?? 3000}/readyz`;
const isReady = await fetch(url, { signal: AbortSignal.timeout(3_000) }).then(
  (response) => response.ok,
  () => false,
);
process.exit(isReady ? 0 : 1);
