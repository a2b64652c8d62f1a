/** Two ways to call a handler in memory. Each returns a function that makes one call and returns the size of the body. */
import inject from "light-my-request";
import { toWsgi } from "wsgi-bridge";

const BODY = Buffer.alloc(10 * 1024, "x");
const HEADERS = { host: "localhost", accept: "*/*", "user-agent": "bench" };

export const CALLERS = {
  inject: (handler, method) => async () => {
    const payload = method === "POST" ? BODY : undefined;
    const response = await inject(handler, { method, url: "/", headers: HEADERS, payload, payloadAsStream: true });
    let size = 0;
    for await (const block of response.stream()) size += block.length;
    return size;
  },
  toWsgi: (handler, method) => {
    const app = toWsgi(handler);
    return async () => {
      let size = 0;
      for await (const block of app(environ(method), startResponse)) size += block.length;
      return size;
    };
  },
};

const errors = { write() {}, writelines() {}, flush() {} };
const write = () => Promise.resolve();
const startResponse = () => write;

/** Returns an environ, as a WSGI server builds one for each request. */
function environ(method) {
  const posts = method === "POST";
  return {
    REQUEST_METHOD: method,
    SCRIPT_NAME: "",
    PATH_INFO: "/",
    QUERY_STRING: "",
    SERVER_NAME: "localhost",
    SERVER_PORT: "80",
    SERVER_PROTOCOL: "HTTP/1.1",
    REMOTE_ADDR: "127.0.0.1",
    REQUEST_URI: "/",
    HTTP_HOST: HEADERS.host,
    HTTP_ACCEPT: HEADERS.accept,
    HTTP_USER_AGENT: HEADERS["user-agent"],
    ...(posts && { CONTENT_LENGTH: String(BODY.length) }),
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.input": input(posts ? BODY : Buffer.alloc(0)),
    "wsgi.errors": errors,
    "wsgi.multithread": true,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
  };
}

function input(body) {
  let at = 0;
  return {
    async read(size = body.length) {
      const block = body.subarray(at, at + size);
      at += block.length;
      return block;
    },
  };
}
