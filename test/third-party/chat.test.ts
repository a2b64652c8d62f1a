/** Flask-SocketIO in threading mode, driven by the client of Socket.IO. */
import { once } from "node:events";
import { io, type Socket } from "socket.io-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { PLACES, type Place, type Site, useSite } from "./hosting.ts";

interface Guest {
  readonly socket: Socket;
  /** The errors of its attempts to use a WebSocket. */
  readonly upgradeErrors: Error[];
}

/** Connects with the settings that every client has: long polling first, then an attempt to use a WebSocket. */
async function connect(site: Site, place: Place): Promise<Guest> {
  const socket = io(site.origin, { path: `${place.path}/socket.io`, forceNew: true, reconnection: false });
  onTestFinished(() => void socket.close());
  const upgradeErrors: Error[] = [];
  socket.io.engine.on("upgradeError", (error: Error) => upgradeErrors.push(error));
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  return { socket, upgradeErrors };
}

/** Disconnects as a client that leaves; its poll then ends. */
async function leave(site: Site, { socket }: Guest): Promise<void> {
  const left = site.logger.said(`${socket.id} has left`);
  socket.disconnect();
  await left;
}

/** Returns the next numbers that the server sends, in order of arrival. */
function numbers(socket: Socket, count: number): Promise<number[]> {
  const received: number[] = [];
  return new Promise((resolve) => {
    socket.on("message", (number: number) => {
      if (received.push(number) === count) resolve(received);
    });
  });
}

describe.each(PLACES)("Flask-SocketIO in $name", (place) => {
  const site = useSite(place, "chat:app");

  it("answers, sends to all and keeps the order by long polling, also after a client has tried a WebSocket", async () => {
    const [zoe, ann] = [await connect(site, place), await connect(site, place)];
    const heard = new Promise((resolve) => ann.socket.once("said", resolve));
    expect(await zoe.socket.emitWithAck("say", "grüße")).toBe("GRÜSSE");
    expect(await heard).toBe("grüße");
    expect(await zoe.socket.emitWithAck("reverse", Buffer.from([1, 2, 255]))).toEqual(Buffer.from([255, 2, 1]));

    const counted = numbers(ann.socket, 500);
    ann.socket.emit("count", 500);
    expect(await counted).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));

    for (const guest of [zoe, ann]) {
      if (guest.upgradeErrors.length === 0) await once(guest.socket.io.engine as never, "upgradeError");
      expect(guest.socket.io.engine.transport.name).toBe("polling");
      await leave(site, guest);
    }
  });

  it("serves the other pages of the Flask app", async () => {
    const answer = await (await fetch(`${site.url}/mode`)).json();
    expect(answer).toEqual({ mode: "threading", mount: place.path });
  });
});

describe("Flask-SocketIO with allow_upgrades=False", () => {
  const place = PLACES[0] as Place;
  const site = useSite(place, "chat:app", () => ({ UPGRADES: "no" }));

  it("has no client that tries a WebSocket, and logs no error", async () => {
    const guest = await connect(site, place);
    expect(await guest.socket.emitWithAck("say", "hello")).toBe("HELLO");
    await leave(site, guest);
    expect(guest.upgradeErrors).toEqual([]);
    expect(site.logger.text).not.toContain("Traceback");
  });
});
