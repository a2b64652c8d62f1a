import { it, expect } from "vitest";
import { hostPython } from "/work/main/test/support/python.ts";
it("early", async () => {
  const h = await hostPython("early:app", { directory: "/tmp/scratch", processes: 1, threads: 1 });
  for (let i=0;i<6;i++) {
    const r = await fetch(h.url, { method: "POST", body: Buffer.alloc(8*1024*1024) }).then(r=>r.text(), e=>String(e.cause??e));
    console.log(r);
  }
  console.log(h.logger.lines);
});
it("pipe", async () => {
  const h = await hostPython("early:pipe", { directory: "/tmp/scratch", processes: 1, threads: 1 });
  const r = await fetch(h.url, { method: "POST" }).then(r=>r.status+" ", e=>String(e.cause??e));
  console.log(r, h.logger.lines);
});
