/** A WSGI app in JavaScript: PEP 3333's two arguments, and a body of bytes. */
export function hello(environ, startResponse) {
  startResponse("200 OK", [["Content-Type", "text/plain; charset=utf-8"]]);
  return [
    Buffer.from("Hello from a WSGI app in JavaScript.\n"),
    // As in Python, the strings of environ carry bytes as latin-1; as latin-1 they become the client's bytes again.
    Buffer.from(`SCRIPT_NAME is "${environ.SCRIPT_NAME}", PATH_INFO is "${environ.PATH_INFO}"\n`, "latin1"),
  ];
}
