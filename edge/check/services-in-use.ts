/** Which services of PagerDuty's matter to a cluster. Pure. */
import type { Ledger } from "../ledger.ts";

/** Open requests that are looked at for the services that they page. */
const MAX_REQUESTS = 500;

/** The services that are or may be paged: the cluster's own, then those of open requests. */
export function servicesInUse(serviceId: string, ledger: Ledger): string[] {
  const open = ledger.openRequests().slice(0, MAX_REQUESTS);
  const paged = open.flatMap(([id]) => ledger.load(id)?.pagings.map((paging) => paging.serviceId) ?? []);
  return [...new Set([serviceId, ...paged])];
}
