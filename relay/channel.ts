/**
 * How the relay reaches the Auth Service: a way in, and what grpc-js needs to take it. Every way ends in one mTLS session
 * with the Auth Service itself, which is verified by the name that all of Teleport's Auth certificates carry, never by
 * the host that was dialled.
 */
import { type ChannelCredentials, type ChannelOptions, credentials } from "@grpc/grpc-js";
import type { Identity } from "./identity.ts";

/** A way in. `direct` dials the Auth Service's own port. */
export type Way = {
  readonly kind: "direct";
  /** Host and port as configured; the port may be left out. */
  readonly address: string;
};

/** What a grpc-js client is made from. */
export interface ChannelSettings {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

/** The Auth Service's port unless its configuration says another. */
export const AUTH_PORT = 3025;

/** The name in every Auth certificate, 4.2.8 to 18, whatever the cluster's or the host's. */
export const AUTH_SERVER_NAME = "teleport.cluster.local";

/**
 * Time between keepalive pings. Teleport's servers end a connection that pings more often than every 60 s
 * (`too_many_pings`).
 */
export const KEEPALIVE_EVERY_MS = 65_000;

/** How long a ping may stay unanswered before the connection counts as dead. */
const KEEPALIVE_TIMEOUT_MS = 20_000;

/** The longest wait of grpc-js between dials; our own loops pace everything else. */
const MAX_RECONNECT_WAIT_MS = 5_000;

/** What may be under way before Teleport waits for us: a burst of watch events must never be held up by HTTP/2. */
const FLOW_CONTROL_WINDOW_BYTES = 4 * 1024 * 1024;

const OPTIONS: ChannelOptions = {
  "grpc.ssl_target_name_override": AUTH_SERVER_NAME,
  "grpc.keepalive_time_ms": KEEPALIVE_EVERY_MS,
  "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
  "grpc.keepalive_permit_without_calls": 1,
  // A unary list of every request passes the default of 4 MiB.
  "grpc.max_receive_message_length": -1,
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": MAX_RECONNECT_WAIT_MS,
  // A call that changes something is sent once; whoever called decides whether to look and call again.
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_http_proxy": 0,
  // With a renewed certificate comes a connection of its own.
  "grpc.use_local_subchannel_pool": 1,
  "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW_BYTES,
};

/** The channel that takes a way in as this identity. Throws what OpenSSL says when the identity is no pair of PEM texts. */
export function channelFor(way: Way, identity: Identity): ChannelSettings {
  switch (way.kind) {
    case "direct":
      return { target: targetFor(way.address), credentials: mutualTls(identity), options: OPTIONS };
  }
}

// One certificate only: Teleport refuses a client that sends intermediaries.
function mutualTls({ authorities, key, certificate }: Identity): ChannelCredentials {
  return credentials.createSsl(Buffer.from(authorities.join("\n")), Buffer.from(key), Buffer.from(certificate));
}

function targetFor(address: string): string {
  const isBareIpv6 = /^[^[]*:[^:]*:/.test(address);
  const host = isBareIpv6 ? `[${address}]` : address;
  return `dns:${/:\d+$/.test(host) ? host : `${host}:${AUTH_PORT}`}`;
}
