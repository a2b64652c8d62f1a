exports.app = (_req, res) => {
  res.setHeader("Content-Type", "text/plain");
  res.end("common");
};
