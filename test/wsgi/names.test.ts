import { describe, expect, it } from "vitest";
import { environKey, isForwarded } from "../../src/wsgi/names.ts";
import { docTable, expectDocRow } from "../support/doc-table.ts";

const FILE = "src/wsgi/names.ts";

describe("environKey", () => {
  it.each(docTable(FILE, "environKey"))("$call → $result", (row) => expectDocRow(environKey, row));

  it.each([
    ["ENV-16", "X-a-B9", "HTTP_X_A_B9", "upper case, - as _"],
    ["ENV-11", "CONTENT-length", "CONTENT_LENGTH", "has no HTTP_"],
    ["ENV-11", "Content-Lengths", "HTTP_CONTENT_LENGTHS", "only the two names are bare"],
    ["ENV-31", "Remote-User", "HTTP_REMOTE_USER", "no header is REMOTE_USER"],
    ["SEC-04", "Script-Name", "HTTP_SCRIPT_NAME", "no header is SCRIPT_NAME"],
    ["SEC-04", "HTTPS", "HTTP_HTTPS", "no header is HTTPS"],
    ["SEC-05", "constructor", "HTTP_CONSTRUCTOR", "a name like any other"],
    ["NODE-36", "Upgrade", "HTTP_UPGRADE", "an upgrade that nobody took is a request"],
  ])("%s: environKey(%j) → %j: %s", (_number, name, expected) => {
    expect(environKey(name)).toBe(expected);
  });

  it.each([
    ["SEC-01", "Proxy"],
    ["SEC-01", "pROXY"],
    ["SEC-02", "Content_Length"],
    ["SEC-02", "X_Real_IP"],
    ["SEC-03", "X-A_B"],
    ["SEC-02", "X.A"],
    ["SEC-02", "X-\xc4"],
    ["SEC-02", "X A"],
    ["SEC-02", ""],
    ["SEC-04", "wsgi.input"],
    ["SEC-05", "__proto__"],
    ["NODE-25", ":authority"],
    ["ENV-32", "Connection"],
    ["ENV-32", "Keep-Alive"],
    ["ENV-32", "Proxy-Connection"],
    ["ENV-32", "TE"],
    ["ENV-32", "Trailer"],
    ["FRM-03", "Transfer-Encoding"],
  ])("%s: the header %j is never translated", (_number, name) => {
    expect(environKey(name)).toBeUndefined();
    expect(environKey(name)).toBeUndefined(); // and this is cached
  });

  it("returns the same when a client has sent more spellings than the cache holds", () => {
    for (let i = 0; i < 2000; i += 1) expect(environKey(`X-${i}`)).toBe(`HTTP_X_${i}`);
    expect(environKey("x-late_r")).toBeUndefined();
    expect(environKey("x-late")).toBe("HTTP_X_LATE");
  });
});

describe("isForwarded", () => {
  it.each(docTable(FILE, "isForwarded"))("$call → $result", (row) => expectDocRow(isForwarded, row));

  it.each([
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Scheme",
    "X-Forwarded-SSL",
    "X-Forwarded-HTTPS",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-By",
    "X-Forwarded-Prefix",
    "X-Forwarded-Script-Name",
    "Forwarded",
    "X-Real-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "True-Client-IP",
    "X-Scheme",
    "X-HTTPS", // mod_wsgi's name for the scheme
    "X-Script-Name",
    "Remote-User",
    "X-Remote-User",
  ])("SEC-08, SEC-09: %s is a proxy's to say", (name) => {
    expect(isForwarded(environKey(name) ?? "")).toBe(true);
  });

  it.each(["Host", "Via", "Cookie", "Authorization", "X-Forward", "Content-Type"])("SEC-08: %s is not", (name) => {
    expect(isForwarded(environKey(name) ?? "")).toBe(false);
  });
});
