/** The incident key: which paging of which request of which cluster an incident is. Pure. */

const PREFIX = "teleport-access-request";

/** A key's parts; `cluster` is null in the form that Teleport's own plugin used, which named the request alone. */
export interface IncidentKey {
  readonly cluster: string | null;
  readonly requestId: string;
  /** 1 for the first paging, 2 when paged again, and so on. */
  readonly paging: number;
}

/** `teleport-access-request/<cluster>/<request id>`, with `/2`, `/3` … when paged again. */
export function incidentKeyFor(cluster: string, requestId: string, paging: number): string {
  return `${PREFIX}/${cluster}/${requestId}${paging === 1 ? "" : `/${paging}`}`;
}

/** The parts of a key of ours or of the predecessor's; undefined for anybody else's. */
export function parseIncidentKey(key: string): IncidentKey | undefined {
  const [prefix, ...parts] = key.split("/");
  if (prefix !== PREFIX || parts.some((part) => part === "")) return undefined;
  const [first, second, paging] = parts;
  if (first === undefined || parts.length > 3) return undefined;
  if (second === undefined) return { cluster: null, requestId: first, paging: 1 };
  if (paging === undefined) return { cluster: first, requestId: second, paging: 1 };
  return /^(?:[2-9]|[1-9]\d{1,5})$/.test(paging)
    ? { cluster: first, requestId: second, paging: Number(paging) }
    : undefined;
}
