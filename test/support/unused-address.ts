/** Finds an address on loopback on which nothing listens, so that connections are refused. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

export async function unusedAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `127.0.0.1:${port}`;
}
