/** Both ends of a real connection, which is closed when the test ends. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export async function socketPair(): Promise<[near: Socket, far: Socket]> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const near = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [[far]] = (await Promise.all([once(server, "connection"), once(near, "connect")])) as [[Socket], unknown];
  for (const socket of [near, far]) socket.on("error", () => undefined); // tests break connections on purpose
  onTestFinished(() => {
    for (const end of [near, far, server]) "destroy" in end ? end.destroy() : end.close();
  });
  return [near, far];
}
