/** Environ keys that describe a TLS connection, with mod_ssl's names. Knows sockets; reads no headers. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

const NONE: Readonly<Record<string, string>> = {};
/** The variables of each connection, because they are the same for all its requests. */
const cache: WeakMap<Socket, Readonly<Record<string, string>>> = new WeakMap();

/** Returns SSL_PROTOCOL, SSL_CIPHER and, if the client has sent a certificate, SSL_CLIENT_CERT (PEM). */
export function tlsVariables(socket: Socket): Readonly<Record<string, string>> {
  if (!(socket instanceof TLSSocket)) return NONE;
  let variables = cache.get(socket);
  if (variables === undefined) {
    variables = readVariables(socket);
    cache.set(socket, variables);
  }
  return variables;
}

function readVariables(socket: TLSSocket): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  const protocol = socket.getProtocol();
  if (protocol) variables.SSL_PROTOCOL = protocol;
  const cipher = socket.getCipher()?.name;
  if (cipher) variables.SSL_CIPHER = cipher;
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  if (raw !== undefined) variables.SSL_CLIENT_CERT = pem(raw);
  return variables;
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
