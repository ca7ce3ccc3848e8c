/** An address as people write it, taken apart. Pure. */

/** A host and a port to dial. */
export interface Endpoint {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Reads `host`, `host:port`, `[IPv6]`, `[IPv6]:port` or a bare IPv6 address; `defaultPort` when it names none. */
export function endpointFor(address: string, defaultPort: number): Endpoint {
  const [, bracketed, name, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d+))?$/.exec(address) ?? [];
  return { host: bracketed ?? name ?? address, port: port === undefined ? defaultPort : Number(port) };
}

/** Whether an address names its port. */
export function namesPort(address: string): boolean {
  return endpointFor(address, 0).port !== 0;
}

/** `host:port`, an IPv6 address in brackets. */
export function addressOf({ host, port }: Endpoint): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
