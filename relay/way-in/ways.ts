/** The ways in that a configuration allows, in the order in which they are tried, and how to name them. Pure. */

import { addressOf, endpointFor, namesPort } from "../channel/endpoint.ts";
import { AUTH_PORT, PROXY_DEFAULT_PORT, PROXY_PORT, type Way } from "../channel.ts";

/** The key `teleport.connect`. */
export type Connect = "auto" | "auth" | "proxy";

/**
 * Every way that `connect` allows. An address without a port means 3025 for the Auth Service, and 443, then 3080, for the
 * Proxy. Without a cluster to ask a Proxy for there is only the direct one.
 */
export function waysFor(address: string, connect: Connect, cluster: string | null): Way[] {
  const direct: Way[] = connect === "proxy" ? [] : [{ kind: "direct", address: at(address, AUTH_PORT) }];
  if (connect === "auth" || cluster === null) return direct;
  const ports = namesPort(address) ? [PROXY_PORT] : [PROXY_PORT, PROXY_DEFAULT_PORT];
  return [...direct, ...ports.flatMap((port) => proxyWays(at(address, port), cluster))];
}

function proxyWays(address: string, cluster: string): Way[] {
  const upgrade = { kind: "connection_upgrade", address, cluster } as const;
  return [
    { kind: "tls_routing", address, cluster },
    { ...upgrade, protocol: "websocket" },
    { ...upgrade, protocol: "alpn" },
  ];
}

function at(address: string, defaultPort: number): string {
  return addressOf(endpointFor(address, defaultPort));
}

/** A way as people are told of it, as in "reached directly"; without its address. */
export function nameOf(way: Way): string {
  switch (way.kind) {
    case "direct":
      return "directly";
    case "tls_routing":
      return "by TLS routing through the Proxy";
    case "connection_upgrade":
      return `by a connection upgrade (${way.protocol === "websocket" ? "WebSocket" : "ALPN"}) through the Proxy`;
  }
}

/** Whether two ways are the same. */
export function isSameWay(one: Way, other: Way): boolean {
  return one.address === other.address && nameOf(one) === nameOf(other);
}
