/**
 * How the relay reaches the Auth Service: a way in, and what grpc-js needs to take it. Every way ends in one mTLS session
 * with the Auth Service itself, which is verified by the name that all of Teleport's Auth certificates carry, never by
 * the host that was dialled.
 */
import type { Duplex } from "node:stream";
import { createSecureContext } from "node:tls";
import type { ChannelCredentials, ChannelOptions } from "@grpc/grpc-js";
import { securedByLoadBalancer, type UpgradeProtocol, upgraded } from "./channel/connection-upgrade.ts";
import { type Dialling, type Layer, LayeredCredentials } from "./channel/credentials.ts";
import { addressOf, type Endpoint, endpointFor } from "./channel/endpoint.ts";
import { secure } from "./channel/tls.ts";
import { WayError } from "./channel/way-error.ts";
import type { HttpProxy } from "./http-proxy.ts";
import type { Identity } from "./identity.ts";
import { CORRECT_HTTP_PROXY } from "./teleport/mend.ts";

/**
 * A way in. `direct` dials the Auth Service's own port. `tls_routing` dials the Proxy's web port, which passes the session
 * on by its ALPN (Teleport 8 and later). `connection_upgrade` does the same inside an upgraded HTTP connection, through a
 * load balancer that ends TLS.
 */
export type Way =
  | {
      readonly kind: "direct";
      /** Host and port as configured; the port may be left out. */
      readonly address: string;
    }
  | {
      readonly kind: "tls_routing";
      /** As for `direct`. */
      readonly address: string;
      /** The cluster whose Auth Service the Proxy is asked for. */
      readonly cluster: string;
    }
  | {
      readonly kind: "connection_upgrade";
      /** As for `direct`. */
      readonly address: string;
      /** As for `tls_routing`. */
      readonly cluster: string;
      readonly protocol: UpgradeProtocol;
    };

/** What a grpc-js client is made from. */
export interface ChannelSettings {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
  /** How far its dials have come. */
  readonly dialling: Readonly<Dialling>;
  /** `host:port` of the HTTP proxy that it goes through, if any. */
  readonly httpProxy: string | undefined;
}

/** The Auth Service's port unless its configuration says another. */
export const AUTH_PORT = 3025;

/** The Proxy's web port where Teleport is a service of its own host's; the default of tsh too. */
export const PROXY_PORT = 443;

/** The Proxy's web port unless its configuration says another. */
export const PROXY_DEFAULT_PORT = 3080;

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
  // Nobody asks for the library's own record of every call.
  "grpc.enable_channelz": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_http_proxy": 0,
  // With a renewed certificate comes a connection of its own.
  "grpc.use_local_subchannel_pool": 1,
  "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW_BYTES,
};

/**
 * The channel that takes a way in as this identity, through an HTTP proxy if there is one. Throws what OpenSSL says when
 * the identity is no pair of PEM texts.
 */
export function channelFor(way: Way, identity: Identity, httpProxy: HttpProxy | null = null): ChannelSettings {
  const at = endpointOf(way);
  // One certificate only: Teleport refuses a client that sends intermediaries.
  const { authorities, key, certificate } = identity;
  const secureContext = createSecureContext({ ca: authorities.join("\n"), key, cert: certificate });
  const session = { secureContext, servername: AUTH_SERVER_NAME, ALPNProtocols: alpnFor(way) };
  const credentials = new LayeredCredentials({
    beneath: [...tunnel(httpProxy, at), ...upgrade(way, at)],
    session: (under) => secure(under, session),
  });
  const { dialling } = credentials;
  const dialled = addressOf(httpProxy?.endpoint ?? at);
  return {
    target: `dns:${dialled}`,
    credentials,
    options: OPTIONS,
    dialling,
    httpProxy: httpProxy === null ? undefined : dialled,
  };
}

/** What a way dials, unless an HTTP proxy does that for it. */
export function endpointOf({ kind, address }: Way): Endpoint {
  return endpointFor(address, kind === "direct" ? AUTH_PORT : PROXY_PORT);
}

// The Proxy reads the first alone; the Auth Service behind it agrees on `h2`.
function alpnFor(way: Way): string[] {
  if (way.kind === "direct") return ["h2"];
  return [`teleport-auth@${Buffer.from(way.cluster).toString("hex")}.${AUTH_SERVER_NAME}`, "h2"];
}

function upgrade(way: Way, at: Endpoint): Layer[] {
  if (way.kind !== "connection_upgrade") return [];
  return [(under) => securedByLoadBalancer(under, at), (under) => upgraded(under, at, way.protocol)];
}

function tunnel(httpProxy: HttpProxy | null, at: Endpoint): Layer[] {
  if (httpProxy === null) return [];
  return [(under) => httpProxy.tunnel(under, at).catch(blameHttpProxy)];
}

function blameHttpProxy(error: unknown): Promise<Duplex> {
  const problem = error instanceof Error ? error.message : String(error);
  const fault = { code: "unavailable", problem, mend: CORRECT_HTTP_PROXY } as const;
  return Promise.reject(new WayError("http_proxy", fault, error));
}
