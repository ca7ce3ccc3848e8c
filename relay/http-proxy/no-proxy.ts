/**
 * NO_PROXY as Go programs read it, Teleport's own among them (golang.org/x/net/http/httpproxy): names with their
 * subdomains, subdomains alone, IP addresses, networks, each with or without a port, or `*`. Pure.
 */
import { BlockList, isIP } from "node:net";
import { type Endpoint, endpointFor } from "../channel/endpoint.ts";

/** Whether `to` is reached without a proxy. Loopback always is. */
export function isExempt(to: Endpoint, noProxy: string): boolean {
  const host = to.host.toLowerCase();
  if (isLoopback(host)) return true;
  return noProxy
    .toLowerCase()
    .split(",")
    .map((entry) => entry.trim())
    .some((entry) => entry !== "" && matches(entry, host, to.port));
}

function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  return isIP(host) !== 0 && (isInNetwork(host, "127.0.0.0", 8) || isInNetwork(host, "::1", 128));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  const [, network, bits] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (network !== undefined) return isInNetwork(host, network, Number(bits));
  const named = endpointFor(entry, 0);
  if (named.port !== 0 && named.port !== port) return false;
  const bits32or128 = isIP(named.host) === 4 ? 32 : 128;
  return isIP(named.host) === 0 ? matchesName(named.host, host) : isInNetwork(host, named.host, bits32or128);
}

// `example.com` stands for itself and what is below it; `.example.com` and `*.example.com` for what is below it alone.
function matchesName(name: string, host: string): boolean {
  const suffix = name.startsWith("*.") ? name.slice(1) : name;
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function isInNetwork(host: string, network: string, bits: number): boolean {
  const family = familyOf(network);
  if (familyOf(host) !== family || family === undefined || bits > (family === "ipv4" ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(host, family);
}

function familyOf(host: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(host);
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
}
