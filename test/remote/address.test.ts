import { describe, expect, it } from "vitest";
import { OptionError } from "../../src/errors.ts";
import { parseAddress, parseAddresses, type RemoteAddress } from "../../src/remote/address.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

describe("parseAddress", () => {
  it.each(docTable("src/remote/address.ts", "parseAddress"))("$call is $result", (row) =>
    expectDocRow(parseAddress, row),
  );

  it.each([
    ["127.0.0.1:1", "127.0.0.1:1", { host: "127.0.0.1", port: 1 }],
    ["[fe80::1%eth0]:65535", "[fe80::1%eth0]:65535", { host: "fe80::1%eth0", port: 65535 }],
    [{ path: "/a b.sock" }, "/a b.sock", { path: "/a b.sock" }],
    [{ host: "php", port: 9000 }, "php:9000", { host: "php", port: 9000 }],
  ] as [RemoteAddress, string, object][])("%j is %s", (address, name, target) => {
    expect(parseAddress(address)).toEqual({ name, target });
  });

  it.each([
    [""],
    ["localhost"],
    ["localhost:"],
    [":9000"],
    ["localhost:0"],
    ["localhost:65536"],
    ["localhost:9000x"],
    ["localhost:+9"],
    ["::1:9000"],
    ["[::1]"],
    ["[localhost]:9000"],
    ["[::1:9000"],
    ["http://localhost:9000"],
    ["tcp:localhost:9000"],
    ["unix:relative.sock"],
    ["unix:"],
    ["relative.sock"],
    ["/nul\0.sock"],
    ["a b:9000"],
    [9000],
    [null],
    [undefined],
    [{}],
    [{ host: "h" }],
    [{ host: "h", port: "9000" }],
    [{ host: "h:1", port: 9000 }],
    [{ host: "", port: 9000 }],
    [{ host: "h", port: 9000.5 }],
    [{ path: "relative" }],
    [{ path: 1 }],
    [{ path: "/p", host: "h", port: 1 }],
  ])("%j is rejected, and the error says how to write an address", (address) => {
    const parse = (): unknown => parseAddress(address as RemoteAddress);
    expect(parse).toThrow(OptionError);
    expect(parse).toThrow('"host:port" (IPv6 in brackets)');
  });

  it("rejects a path that is too long for a unix socket", () => {
    expect(parseAddress(`/${"é".repeat(53)}`).name).toHaveLength(54);
    expect(() => parseAddress(`/${"é".repeat(53)}x`)).toThrow("too long for a unix socket");
  });
});

describe("parseAddresses", () => {
  it("takes one address or many", () => {
    expect(parseAddresses("/a").map(({ name }) => name)).toEqual(["/a"]);
    expect(parseAddresses(["/a", { path: "/b" }, "c:1"]).map(({ name }) => name)).toEqual(["/a", "/b", "c:1"]);
  });

  it.each([
    [[], "addresses must not be empty"],
    [["/a", "unix:/a"], "the address /a is given twice"],
    [["h:1", { host: "h", port: 1 }], "the address h:1 is given twice"],
  ] as [RemoteAddress[], string][])("%j is refused: %s", (addresses, words) => {
    expect(() => parseAddresses(addresses)).toThrow(OptionError);
    expect(() => parseAddresses(addresses)).toThrow(words);
  });
});
