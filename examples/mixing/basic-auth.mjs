/** A WSGI middleware, to be put around any app: HTTP Basic (RFC 7617), which makes REMOTE_USER as CGI has it. */

/** @param {import("wsgi-bridge").WsgiApp} app @param {Record<string, string>} passwords @returns {import("wsgi-bridge").WsgiApp} */
export function basicAuth(app, passwords) {
  return (environ, startResponse) => {
    const user = whoIs(environ.HTTP_AUTHORIZATION, passwords);
    if (user === undefined) {
      startResponse("401 Unauthorized", [
        ["Content-Type", "text/plain"],
        ["WWW-Authenticate", 'Basic realm="example"'],
      ]);
      return [Buffer.from("Who are you?\n")];
    }
    environ.AUTH_TYPE = "Basic";
    environ.REMOTE_USER = user;
    environ.HTTP_X_USER = user; // an app within toWsgi sees headers alone
    return app(environ, startResponse);
  };
}

function whoIs(authorization = "", passwords) {
  const [scheme, credentials = ""] = authorization.split(" ");
  const [user, password] = Buffer.from(credentials, "base64").toString().split(":");
  return scheme.toLowerCase() === "basic" && Object.hasOwn(passwords, user) && passwords[user] === password
    ? user
    : undefined;
}
