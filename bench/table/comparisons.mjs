/** The comparisons of rows within a group, and their targets. */

/**
 * @typedef {{ atLeast?: number, atMost?: number }} Target the figure is only reported if both are missing
 * @typedef {{ group: string, of: string, to?: string, figures: Record<string, Target> }} Comparison
 *   The figure of the row `of`, divided by that of the row `to` if given.
 */

const BODIES = ["get-10k", "get-1m", "post-10k", "slow"];

/** @type {Comparison[]} */
export const COMPARISONS = [
  {
    group: "hello",
    of: "http-bridge",
    to: "gunicorn",
    figures: { rps: { atLeast: 1.3 }, cpu: { atMost: 0.65 } },
  },
  {
    group: "hello",
    of: "express-bridge",
    to: "express-proxy",
    figures: { rps: { atLeast: 3 }, cpu: { atMost: 0.4 } },
  },
  { group: "hello", of: "express-inner", to: "express", figures: { rps: { atLeast: 0.8 } } },
  { group: "hello", of: "cli", to: "gunicorn", figures: { rps: {}, cpu: {} } },
  { group: "hello", of: "cli", to: "waitress", figures: { rps: {}, cpu: {} } },
  ...BODIES.flatMap((group) => [
    { group, of: "http-bridge", to: "gunicorn", figures: { rps: {}, cpu: {} } },
    { group, of: "express-bridge", to: "express-proxy", figures: { rps: {}, cpu: {} } },
  ]),
  { group: "remote", of: "express-fastcgi", to: "express-proxy-uwsgi", figures: { rps: { atLeast: 2 }, cpu: {} } },
  { group: "remote", of: "express-uwsgi", to: "express-proxy-uwsgi", figures: { rps: {}, cpu: {} } },
  { group: "inside", of: "gunicorn-node-app", to: "gunicorn-proxy-view", figures: { rps: {}, cpu: {} } },
  { group: "waiting", of: "http-bridge", figures: { idleCpu: { atMost: 0 } } },
  { group: "waiting", of: "express-bridge", figures: { idleCpu: { atMost: 0 } } },
  { group: "start", of: "http-bridge", to: "gunicorn", figures: { firstAnswer: {}, allReady: {} } },
  { group: "memory", of: "django-preload", to: "django-one", figures: { pss: { atMost: 2 } } },
  { group: "memory", of: "django-four", to: "django-one", figures: { pss: {} } },
  { group: "memory", of: "django-preload", to: "gunicorn-preload", figures: { pss: {} } },
  { group: "recovery", of: "http-bridge", to: "gunicorn", figures: { nextAnswer: {} } },
];
