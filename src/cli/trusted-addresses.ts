/** The addresses of `--forwarded-allow-ips`. Knows addresses and networks; knows no header. */
import { isIP } from "node:net";
import { InvalidArgumentError } from "commander";
import { plainAddress } from "../from-wsgi/request-head.ts";

/** Whether a client's address is one of the list. */
export type Trusts = (address: string | undefined) => boolean;

/**
 * Reads a list of addresses and networks, separated by commas. `*` stands for all addresses; an empty list has none.
 *
 *     trustedAddresses("127.0.0.1,10.0.0.0/8,fd00::/8")("10.1.2.3") → true
 *
 * @throws InvalidArgumentError
 */
export function trustedAddresses(list: string): Trusts {
  const entries = list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const networks = entries.filter((entry) => entry !== "*").map(networkBits);
  if (entries.includes("*")) return () => true;
  return (address) => {
    const bits = address === undefined ? undefined : addressBits(plainAddress(address));
    return bits !== undefined && networks.some((network) => bits.startsWith(network));
  };
}

/** Returns the bits that all addresses of a network begin with. */
function networkBits(entry: string): string {
  const [, address = "", length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const bits = addressBits(plainAddress(address));
  if (bits === undefined || Number(length ?? 0) > width(bits)) {
    throw new InvalidArgumentError(`"${entry}" is neither an address, a network such as 10.0.0.0/8, nor *.`);
  }
  const network = bits.slice(0, bits.length - width(bits) + Number(length ?? width(bits)));
  // As in Python's ipaddress: 10.0.0.1/8 is more likely a mistake than a network.
  if (bits.slice(network.length).includes("1")) {
    throw new InvalidArgumentError(`"${entry}" is an address inside a network; give the network or the address.`);
  }
  return network;
}

/** Returns the family and the bits, such as "4:01111111…"; undefined for anything but an address. */
function addressBits(address: string): string | undefined {
  const family = isIP(address);
  if (family === 4) return `4:${binary(address.split("."), 10, 8)}`;
  if (family !== 6) return undefined;
  const plain = new URL(`http://[${address.replace(/%.*/, "")}]`).hostname.slice(1, -1); // hexadecimal groups only
  const [head = [], tail = []] = plain.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return `6:${binary([...head, ...zeros, ...tail], 16, 16)}`;
}

function binary(groups: readonly string[], radix: number, size: number): string {
  return groups.map((group) => Number.parseInt(group, radix).toString(2).padStart(size, "0")).join("");
}

/** How many bits an address of the family has. */
function width(bits: string): number {
  return bits.startsWith("4:") ? 32 : 128;
}
