/**
 * What grpc-js needs to take a way in: over the TCP connection that it has dialled, each layer of the way in turn, TLS
 * with the Auth Service last. `_createSecureConnector` is no public API, hence the exact version of grpc-js: its public
 * credentials can offer no ALPN but `h2` and lay TLS over nothing but TCP.
 */
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { CallCredentials, ChannelCredentials } from "@grpc/grpc-js";
import { WayError } from "./way-error.ts";

/** Lays one more protocol over a stream. Rejects with {@link WayError}, or with what TLS or the network says. */
export type Layer = (under: Duplex) => Promise<Duplex>;

/** The layers of a way, from TCP up. */
export interface Layers {
  readonly beneath: readonly Layer[];
  /** mTLS with the Auth Service. */
  readonly session: (under: Duplex) => Promise<TLSSocket>;
}

/** How far the dials of a channel have come; kept up to date. */
export interface Dialling {
  /** Whether anything at the address itself was ever reached: beyond TCP, and beyond the HTTP proxy if there is one. */
  hasReached: boolean;
  /** What the latest dial failed with, if that was before TLS with the Auth Service. */
  failure: WayError | undefined;
}

type SecureConnector = ReturnType<ChannelCredentials["_createSecureConnector"]>;
type Connect = SecureConnector["connect"];

/**
 * How long all layers together may take, in ms. A peer that goes silent in a handshake would hold the channel up for as
 * long as TCP tries again, a quarter of an hour.
 */
const HANDSHAKES_WITHIN_MS = 10_000;

/** Credentials that take a way in. */
export class LayeredCredentials extends ChannelCredentials {
  readonly dialling: Dialling = { hasReached: false, failure: undefined };
  readonly #layers: Layers;

  constructor(layers: Layers) {
    super();
    this.#layers = layers;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    ...[, , callCredentials]: Parameters<ChannelCredentials["_createSecureConnector"]>
  ): SecureConnector {
    return {
      connect: (tcp) => this.#connect(tcp),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }

  async #connect(tcp: Parameters<Connect>[0]): ReturnType<Connect> {
    // grpc-js has just taken its own listener off.
    tcp.on("error", () => {});
    const tooLate = setTimeout(
      () => tcp.destroy(new Error(`no handshake within ${HANDSHAKES_WITHIN_MS / 1000} s`)),
      HANDSHAKES_WITHIN_MS,
    );
    try {
      const socket = await this.#layUp(tcp);
      this.dialling.failure = undefined;
      return { socket, secure: true };
    } finally {
      clearTimeout(tooLate);
    }
  }

  async #layUp(tcp: Duplex): Promise<TLSSocket> {
    try {
      let top = tcp;
      for (const layer of this.#layers.beneath) top = await layer(top);
      this.dialling.hasReached = true;
      return await this.#layers.session(top);
    } catch (error) {
      this.dialling.failure = error instanceof WayError ? error : undefined;
      this.dialling.hasReached ||= this.dialling.failure?.stage !== "http_proxy";
      throw error;
    }
  }
}
