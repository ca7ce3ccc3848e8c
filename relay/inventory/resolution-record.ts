/** How a request ended, written into its plugin data for whoever goes back to the predecessor. Nothing here reads it. */
import { type AccessRequest, endOfState } from "../../shared/access-request.ts";
import { boundIncidents, type PluginData, resolutionData } from "../plugin-data.ts";
import type { TeleportPort } from "../teleport/port.ts";
import { reasonOf } from "./endings.ts";

/** Writes it where an incident of ours is bound and no end stands yet. Rejects with a `TeleportError`. */
export async function recordResolution(
  teleport: Pick<TeleportPort, "updatePluginData">,
  request: AccessRequest,
  data: PluginData,
): Promise<void> {
  const end = endOfState(request.state);
  if (end === undefined || boundIncidents(data).length === 0 || (data.resolution ?? "") !== "") return;
  await teleport.updatePluginData(request.id, resolutionData(end, reasonOf(request)), { resolution: "" });
}
