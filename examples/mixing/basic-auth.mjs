/** WSGI middleware for HTTP Basic authentication (RFC 7617) around any app. Sets REMOTE_USER, as CGI does. */

/** @param {import("wsgi-bridge").WsgiApp} app @param {Record<string, string>} passwords @returns {import("wsgi-bridge").WsgiApp} */
export function basicAuth(app, passwords) {
  return (environ, startResponse) => {
    const user = authenticate(environ.HTTP_AUTHORIZATION, passwords);
    if (user === undefined) {
      startResponse("401 Unauthorized", [
        ["Content-Type", "text/plain"],
        ["WWW-Authenticate", 'Basic realm="example"'],
      ]);
      return [Buffer.from("Who are you?\n")];
    }
    environ.AUTH_TYPE = "Basic";
    environ.REMOTE_USER = user;
    environ.HTTP_X_USER = user; // an app within toWsgi sees only headers
    return app(environ, startResponse);
  };
}

function authenticate(authorization = "", passwords) {
  const [scheme, credentials = ""] = authorization.split(" ");
  const [user, password] = Buffer.from(credentials, "base64").toString().split(":");
  return scheme.toLowerCase() === "basic" && Object.hasOwn(passwords, user) && passwords[user] === password
    ? user
    : undefined;
}
