/**
 * What is kept with a request in Teleport, under the predecessor's plugin name: its nine keys, and beside them which
 * incidents stand for the request, the digest of what was paged, and the claim. Teleport's compare-and-set on it is what
 * two relays agree by. Pure.
 */
import type { AccessRequest, RequestEnd } from "../shared/access-request.ts";
import type { BoundIncident } from "../shared/protocol.ts";

/** Keys and values as Teleport stores them (`PluginDataEntry.Data`). */
export type PluginData = Readonly<Record<string, string>>;

/** The incidents that are bound to the request by us; empty when none is. */
export function boundIncidents(data: PluginData): BoundIncident[] {
  return (data.incidents ?? "").split(",").flatMap((pair) => {
    const [service = "", incident = "", ...rest] = pair.split(":");
    return service === "" || incident === "" || rest.length > 0 ? [] : [{ service, incident }];
  });
}

/** The predecessor's incident that stands for a request which we have bound none to; undefined when there is none. */
export function predecessorsIncident(data: PluginData): { service: string | null; incident: string } | undefined {
  const incident = data.incident_id ?? "";
  if (incident === "" || (data.incidents ?? "") !== "") return undefined;
  return { service: data.service_id || null, incident };
}

/** From when on clicks count, in ms since the epoch: the time of the adoption; the beginning of time where there was none. */
export function countsFromMs(data: PluginData): number {
  const text = data.adopted ?? "";
  if (text === "") return Number.NEGATIVE_INFINITY;
  // What cannot be read lets nothing count.
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

/** When the predecessor's incident was taken over, as plugin data holds it (`adopted`); never moved by a later binding. */
export function adoptionData(data: PluginData, incidents: readonly BoundIncident[], atMs: number): PluginData {
  const predecessors = predecessorsIncident(data);
  if (predecessors === undefined) return {};
  return incidents.some(({ incident }) => incident === predecessors.incident) ? { adopted: String(atMs) } : {};
}

/** What binds these incidents: the nine keys in the predecessor's form, `incidents` and `digest`. */
export function bindingData(request: AccessRequest, digest: string, incidents: readonly BoundIncident[]): PluginData {
  const [first] = incidents;
  return {
    user: request.user,
    roles: request.roles.join(","),
    created: String(Math.floor((request.createdMs ?? 0) / 1000)),
    request_reason: request.reason,
    reviews_count: request.reviews.length === 0 ? "" : String(request.reviews.length),
    resolution: "",
    resolve_reason: "",
    incident_id: first?.incident ?? "",
    service_id: first?.service ?? "",
    incidents: incidents.map(({ service, incident }) => `${service}:${incident}`).join(","),
    digest,
  };
}

/** The keys whose values a binding replaces, as they were read: what its compare-and-set expects. */
export function bindingExpectation(data: PluginData): PluginData {
  return { incidents: data.incidents ?? "", digest: data.digest ?? "" };
}

/** How the predecessor wrote an end. */
export function resolutionData(end: RequestEnd, reason: string): PluginData {
  return { resolution: end === "deleted" ? "expired" : end, resolve_reason: reason };
}
