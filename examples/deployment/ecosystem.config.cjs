module.exports = {
  apps: [
    {
      name: "shop",
      script: "server.mjs",
      cwd: __dirname,
      exec_mode: "fork",
      instances: 1,
      kill_timeout: 30_000,
      listen_timeout: 60_000,
      env: { NODE_ENV: "production", HOST: "127.0.0.1", PORT: "3000", TRUST_PROXY: "loopback", WEB_CONCURRENCY: "2" },
    },
  ],
};
