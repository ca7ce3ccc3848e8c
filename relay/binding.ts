/**
 * Which incidents stand for which request: written into the request's plugin data when, and only when, what the edge paged
 * is what Teleport holds. A click on any other incident counts for nothing.
 */
import { digestOf } from "../shared/access-request.ts";
import type { Logger } from "../shared/log.ts";
import type { EdgeFrame, FrameOf, RelayFrame, Unnumbered } from "../shared/protocol.ts";
import { bindingData, bindingExpectation, boundIncidents } from "./plugin-data.ts";
import type { TeleportPort } from "./teleport/port.ts";

/** How often a binding is tried against others' writes to the same plugin data. */
const ATTEMPTS = 5;

export interface BindingOptions {
  readonly cluster: string;
  readonly teleport: Pick<TeleportPort, "read" | "pluginData" | "updatePluginData">;
  readonly log: Logger;
}

/** The answer to a `bind`. Rejects with a `TeleportError` when Teleport could not be asked. */
export async function bindIncidents(
  { cluster, teleport, log }: BindingOptions,
  { requestId, epoch, digest, incidents }: FrameOf<EdgeFrame, "bind">,
): Promise<Unnumbered<FrameOf<RelayFrame, "bound">>> {
  const answer = (result: "bound" | "changed" | "gone") =>
    ({ type: "bound", epoch, requestId, digest, incidents, result }) as const;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const live = await teleport.read(requestId);
    if (live === undefined || live.request.state !== "PENDING") return answer("gone");
    if (digestOf(cluster, live.request) !== digest) {
      log.error("What was paged is not what Teleport holds; it is not bound", { requestId });
      return answer("changed");
    }
    const data = await teleport.pluginData(requestId);
    const binding = bindingData(live.request, digest, incidents);
    if (data.digest === digest && data.incidents === binding.incidents) return answer("bound");
    const update = await teleport.updatePluginData(requestId, binding, bindingExpectation(data));
    if (update === "gone") return answer("gone");
    if (update === "conflict") continue;
    for (const { incident } of incidents) log.info("Incident bound", { requestId, incidentId: incident });
    if (boundIncidents(data).length > 0)
      log.info("The request was paged again; earlier incidents count no more", { requestId });
    return answer("bound");
  }
  throw new Error(`the plugin data of request ${requestId} changes faster than it can be written`);
}
