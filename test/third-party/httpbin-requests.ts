/** The requests to httpbin that are compared. Knows no server. */

export interface Request {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer | undefined;
  /** Sends the body in chunks, without a length. */
  readonly chunked: boolean;
}

type Headers = Request["headers"];

/**
 *     get("/ip")                       → GET /ip
 *     call("PUT", "/put", JSON_BODY)   → PUT /put with a JSON body
 */
function call(method: string, target: string, { headers = {}, body, chunked = false }: Partial<Request> = {}): Request {
  return { method, target, headers, body, chunked };
}
const get = (target: string, headers: Headers = {}): Request => call("GET", target, { headers });

const JSON_BODY = {
  headers: { "Content-Type": "application/json" },
  body: Buffer.from('{"name": "Zoë", "n": [1, 2]}'),
};
const FORM = {
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
  body: Buffer.from("name=Zo%C3%AB&name=2&empty=&plus=a+b"),
};
const MULTIPART = {
  headers: { "Content-Type": 'multipart/form-data; boundary="x-y"' },
  body: Buffer.from(
    '--x-y\r\nContent-Disposition: form-data; name="title"\r\n\r\nGröße\r\n--x-y\r\nContent-Disposition: form-data; ' +
      'name="upload"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nline\r\n\r\n--x-y--\r\n',
  ),
};
const BINARY = { body: Buffer.from(Uint8Array.from({ length: 512 }, (_, index) => index % 256)) };
const LARGE = { body: Buffer.alloc(1024 * 1024 + 1, "wsgi ") };
const basic = (credentials: string): Headers => ({ Authorization: `Basic ${btoa(credentials)}` });

export const REQUESTS: readonly Request[] = [
  // The request as the app sees it.
  get("/get"),
  get("/get?a=1&a=2&b=&c"),
  get("/get?name=Zo%C3%AB&space=a%20b+c&slash=%2F&bad=%zz"),
  get("/get", { Accept: "text/html;q=0.9, */*;q=0.1", "Accept-Language": "de", "X-Repeated": ["1", "2"] }),
  get("/get", { "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.test" }),
  get("/headers", { "X-Long": "x".repeat(4000), "X-Empty": "", "X-Umlaut": "gr\u00fcn", Cookie: ["a=1; b=2", "c=3"] }),
  get("/headers", { Referer: "http://a.test/?q=%20", Origin: "http://a.test", "User-Agent": "test/1.0 (a; b)" }),
  get("/ip"),
  get("/user-agent", { "User-Agent": "test/1.0" }),
  get("/anything"),
  get("/anything/a%20b/%C3%A9/c%2Fd/e;f=g"),
  get("/anything/a/./b/../c"),
  get("/anything//a///b/"),
  get("/anything/@:!$&'()*+,=~-._"),
  call("DELETE", "/anything?q=1"),
  call("TRACE", "/anything"),

  // Bodies.
  call("POST", "/post"),
  call("POST", "/post", JSON_BODY),
  call("POST", "/post?q=1", FORM),
  call("POST", "/post", MULTIPART),
  call("POST", "/post", BINARY),
  call("POST", "/post", LARGE),
  call("POST", "/post", { ...JSON_BODY, chunked: true }),
  call("POST", "/post", { ...LARGE, chunked: true }),
  call("PUT", "/put", JSON_BODY),
  call("PATCH", "/patch", FORM),
  call("DELETE", "/delete", JSON_BODY),
  call("GET", "/get", JSON_BODY),
  call("POST", "/response-headers?X-A=1&X-A=2&Content-Type=text/plain"),

  // Methods.
  call("HEAD", "/get"),
  call("HEAD", "/image/png"),
  call("HEAD", "/stream/3"),
  call("HEAD", "/status/404"),
  call("OPTIONS", "/get", { headers: { Origin: "http://a.test", "Access-Control-Request-Headers": "x-a" } }),
  call("POST", "/get"),
  call("PURGE", "/get"),

  // Statuses.
  ...[200, 201, 204, 205, 206, 301, 304, 400, 401, 402, 404, 406, 407, 418, 429, 500, 503, 599].map((status) =>
    get(`/status/${status}`),
  ),
  call("POST", "/status/204", JSON_BODY),
  get("/nowhere"),
  get("/status/abc"),

  // Redirects.
  get("/redirect/2"),
  get("/relative-redirect/2"),
  get("/absolute-redirect/2"),
  get("/redirect-to?url=http%3A%2F%2Fa.test%2F%C3%A9&status_code=307"),

  // Cookies and passwords.
  get("/cookies", { Cookie: "a=1; b=two" }),
  get("/cookies/set?a=1&b=2"),
  get("/cookies/set/name/value"),
  get("/cookies/delete?a", { Cookie: "a=1" }),
  get("/basic-auth/zoe/sesame"),
  get("/basic-auth/zoe/sesame", basic("zoe:sesame")),
  get("/hidden-basic-auth/zoe/sesame", basic("zoe:guess")),
  get("/bearer", { Authorization: "Bearer token" }),
  get("/digest-auth/auth/zoe/sesame"),

  // Formats.
  ...["/html", "/robots.txt", "/deny", "/xml", "/json", "/encoding/utf8", "/gzip", "/deflate", "/brotli"].map((path) =>
    get(path, { "Accept-Encoding": "gzip" }),
  ),
  get("/image", { Accept: "image/webp" }),
  get("/image", { Accept: "text/plain" }),
  get("/image/jpeg"),
  get("/forms/post"),
  get("/base64/R3LDvMOfZQ=="),
  get("/links/3/1"),
  get("/uuid"),
  get("/"),
  get("/spec.json"),
  get("/static/favicon.ico"),

  // Caches and parts.
  get("/cache"),
  get("/cache", { "If-None-Match": "x" }),
  get("/cache/60"),
  get("/etag/x", { "If-None-Match": '"x"' }),
  get("/etag/x", { "If-Match": '"y"' }),
  get("/range/1000", { Range: "bytes=10-99" }),
  get("/range/1000", { Range: "bytes=2000-" }),
  get("/static/favicon.ico", { Range: "bytes=0-9" }),

  // Streams.
  get("/stream/5"),
  get("/stream-bytes/200000?seed=1&chunk_size=1000"),
  get("/bytes/5000?seed=1"),
  get("/drip?numbytes=3&duration=0&delay=0"),
  get("/response-headers?Server=mine&X-B=1"),
  get("/response-headers?X-C=a%0D%0AX-D:%20b"),
];
