/** A WSGI app in JavaScript: the two arguments of PEP 3333 and a body of bytes. */
export function hello(environ, startResponse) {
  startResponse("200 OK", [["Content-Type", "text/plain; charset=utf-8"]]);
  return [
    Buffer.from("Hello from a WSGI app in JavaScript.\n"),
    // As in Python, the strings of environ hold bytes as Latin-1, so Latin-1 turns them back into the client's bytes.
    Buffer.from(`SCRIPT_NAME is "${environ.SCRIPT_NAME}", PATH_INFO is "${environ.PATH_INFO}"\n`, "latin1"),
  ];
}
