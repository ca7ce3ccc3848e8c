// The stand-in's way in: TCP, TLS as Go's server does it, and the connection handed to grpc-js. Accepts callers without
// a certificate (they become the user Nop), refuses expired and foreign certificates with an alert, and sends away those
// who ping too often. Knows no RPC.

import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import type { ConnectionInjector } from "@grpc/grpc-js";
import type { CertificateAndKey } from "./authority.ts";
import { enforcePings, type PingPolicy } from "./pings.ts";
import { ALERT, parseServerTrafficSecret, refuseWithAlert } from "./tls-alert.ts";

/** Who holds a connection, as its certificate says. Roles are the certificate's, not the user's. */
export interface Caller {
  readonly user: string;
  readonly roles: readonly string[];
}

/** The user of a connection without a certificate. */
export const NOP: Caller = { user: "Nop", roles: [] };

/**
 * What the listener needs. `trusted` are the authorities of callers; with the server's own among them Node would send
 * it along, which real servers do not.
 */
export interface TransportOptions {
  readonly host: string;
  readonly certificate: CertificateAndKey;
  readonly trusted: readonly string[];
  readonly clusterName: string;
  readonly refusesMalformedServerName: boolean;
  readonly pings: PingPolicy;
}

/** One listening port. A stopped transport can listen again, on the same port. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #callers = new Map<string, Caller>();
  readonly #secrets = new WeakMap<TLSSocket, Buffer>();
  readonly #raw = new Set<Socket>();
  /** Fingerprints of certificates: of those refused, and of each open connection's. */
  readonly #refused = new Set<string>();
  readonly #shown = new Map<TLSSocket, string>();
  #certificate: CertificateAndKey;
  #server: TlsServer | undefined;
  #port: number;

  constructor(options: TransportOptions, port: number) {
    this.#options = options;
    this.#certificate = options.certificate;
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  /** Number of connections that finished their handshake and are still open. */
  get connectionCount(): number {
    return this.#callers.size;
  }

  /** Who is behind `call.getPeer()`. */
  callerOf(peer: string): Caller {
    return this.#callers.get(peer) ?? NOP;
  }

  /** Opens the port and hands every good connection to `injector`. Rejects if the port is taken. */
  async listen(injector: ConnectionInjector): Promise<void> {
    const server = createServer({
      ...this.#context(),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
    });
    server.on("connection", (socket: Socket) => this.#track(socket));
    server.on("keylog", (line: Buffer, socket: TLSSocket) => {
      const secret = parseServerTrafficSecret(line);
      if (secret !== undefined) {
        this.#secrets.set(socket, secret);
      }
    });
    server.on("secureConnection", (socket: TLSSocket) => this.#admit(socket, injector));
    server.listen(this.#port, this.#options.host);
    await once(server, "listening");
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Closes the port and cuts every connection, as a killed process would. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) {
      return;
    }
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.dropConnections();
    await closed;
  }

  /** Shows another certificate from the next connection on. */
  useCertificate(certificate: CertificateAndKey): void {
    this.#certificate = certificate;
    this.#server?.setSecureContext(this.#context());
  }

  /** Refuses a caller's certificate (PEM) from here on, as one that has expired, and cuts the connections with it. */
  refuse(certificate: string): void {
    const refused = new X509Certificate(certificate).fingerprint256;
    this.#refused.add(refused);
    for (const [socket, shown] of this.#shown) {
      if (shown === refused) socket.destroy();
    }
  }

  /** Cuts every connection and keeps listening. */
  dropConnections(): void {
    for (const socket of this.#raw) {
      socket.destroy();
    }
  }

  #context(): { readonly cert: string; readonly key: string; readonly ca: string[] } {
    const { certificate: cert, key } = this.#certificate;
    return { cert, key, ca: [...this.#options.trusted] };
  }

  #track(socket: Socket): void {
    this.#raw.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => this.#raw.delete(socket));
    socket.on("error", () => socket.destroy());
  }

  #admit(socket: TLSSocket, injector: ConnectionInjector): void {
    socket.on("error", () => socket.destroy());
    const certificate = socket.getPeerX509Certificate();
    const alert = this.#alertFor(socket, certificate);
    if (alert !== undefined) {
      this.#refuse(socket, alert);
      return;
    }
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const caller = certificate === undefined ? NOP : callerFor(certificate.toLegacyObject().subject);
    this.#callers.set(peer, caller);
    this.#shown.set(socket, certificate?.fingerprint256 ?? "");
    const endPings = enforcePings(socket, this.#options.pings);
    socket.on("close", () => {
      this.#callers.delete(peer);
      this.#shown.delete(socket);
      endPings();
    });
    injector.injectConnection(socket);
  }

  #alertFor(socket: TLSSocket, certificate: X509Certificate | undefined): number | undefined {
    if (certificate !== undefined && (!socket.authorized || this.#refused.has(certificate.fingerprint256))) {
      return ALERT.badCertificate;
    }
    const label = /^([^.]+)\.teleport\.cluster\.local$/.exec(socket.servername || "")?.[1];
    if (label === undefined || label === Buffer.from(this.#options.clusterName).toString("hex")) {
      return undefined;
    }
    if (/^([0-9a-f]{2})+$/i.test(label)) {
      return ALERT.badCertificate;
    }
    return this.#options.refusesMalformedServerName ? ALERT.internalError : undefined;
  }

  #refuse(socket: TLSSocket, alert: number): void {
    const raw = [...this.#raw].find((candidate) => candidate.remotePort === socket.remotePort);
    if (raw === undefined) {
      socket.destroy();
    } else {
      refuseWithAlert(raw, socket, this.#secrets.get(socket), alert);
    }
  }
}

function callerFor(subject: { readonly CN?: unknown; readonly O?: unknown }): Caller {
  const roles = typeof subject.O === "string" ? [subject.O] : Array.isArray(subject.O) ? subject.O.map(String) : [];
  return { user: typeof subject.CN === "string" ? subject.CN : "", roles };
}
