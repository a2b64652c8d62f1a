/** What a TLS connection says of itself, under mod_ssl's names. Knows sockets; believes no header. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

const NONE: Readonly<Record<string, string>> = {};
/** The same for all requests of a connection. */
const known: WeakMap<Socket, Readonly<Record<string, string>>> = new WeakMap();

/** SSL_PROTOCOL, SSL_CIPHER, and SSL_CLIENT_CERT (PEM) where the client has shown a certificate. */
export function tlsVariables(socket: Socket): Readonly<Record<string, string>> {
  if (!(socket instanceof TLSSocket)) return NONE;
  let variables = known.get(socket);
  if (variables === undefined) {
    variables = read(socket);
    known.set(socket, variables);
  }
  return variables;
}

function read(socket: TLSSocket): Readonly<Record<string, string>> {
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
