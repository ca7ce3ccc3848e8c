/** Journey 1: every request is shown where it is due, once. */
import { incidentsFor, isMerged, isPendingAt, requestOf } from "../facts.ts";
import type { History } from "../history.ts";

/** Once the weather is calm, whatever is pending has an incident on each service that shows it as it is. */
export function noRequestIsLost(history: History): string[] {
  const { requests, quietFromMs, setting } = history;
  return requests.flatMap((request) => {
    const madeMs = request.states[0]?.atMs ?? 0;
    const changedMs = request.changedMs.at(-1) ?? madeMs;
    const isDue = changedMs <= quietFromMs - setting.settledWithinMs && isPendingAt(request, quietFromMs - 1);
    if (!isDue) return [];
    const incidents = incidentsFor(history, request).filter((incident) => !isMerged(incident));
    return request.services.flatMap((service) => {
      const shown = incidents.some(({ serviceId, openedMs }) => serviceId === service && openedMs >= changedMs);
      return shown ? [] : [`${request.id} is pending and has no incident on ${service}`];
    });
  });
}

/** No key is used twice on a service. */
export function oneIncidentForEachPaging(history: History): string[] {
  const ours = history.incidents.filter(({ byUs }) => byUs);
  return ours.flatMap((incident, index) => {
    const first = ours.findIndex(({ key, serviceId }) => key === incident.key && serviceId === incident.serviceId);
    return first === index ? [] : [`${incident.id} has the key ${incident.key} of ${ours[first]?.id}`];
  });
}

/** A request is paged again when it has changed, when its incident was merged, or when somebody has taken its key. */
export function pagedAgainOnlyForAReason(history: History): string[] {
  return history.requests.flatMap((request) => {
    const incidents = incidentsFor(history, request);
    const taken = history.incidents.filter(({ byUs }) => !byUs);
    return request.services.flatMap((service) => {
      const ours = incidents.filter(({ serviceId }) => serviceId === service);
      const merged = ours.filter(isMerged).length;
      const planted = taken.filter((other) => requestOf(history, other)?.id === request.id).length;
      const reasons = 1 + request.changedMs.length * pagingsOfAChange(history) + merged + planted;
      return ours.length <= reasons ? [] : [`${request.id} has ${ours.length} incidents on ${service}`];
    });
  });
}

// What one relay has told of the request as it was may arrive behind what another tells of its change, and after its own end.
function pagingsOfAChange({ setting }: History): number {
  return 2 * setting.relayStarts - 1;
}
