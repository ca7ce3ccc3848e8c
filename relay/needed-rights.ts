/**
 * The rights of the relay's role that Teleport answers for without a request to try them on, tried at the start, when an
 * operator is looking. Changes nothing. `teleport-pagerduty check` tries all of them.
 */
import { randomUUID } from "node:crypto";
import { TeleportError } from "./teleport/error.ts";
import type { TeleportPort } from "./teleport/port.ts";

const WHOLE_ROLE = "`teleport-pagerduty check` prints the whole role.";

/**
 * Rejects with a `TeleportError` when Teleport refuses to tell of plugin data, which takes the right to list and read
 * requests, or to write it. Whatever else goes wrong says nothing of rights and is passed over.
 */
export async function proveRights(teleport: Pick<TeleportPort, "pluginData" | "updatePluginData">): Promise<void> {
  const noRequest = randomUUID();
  const tries = [teleport.pluginData(noRequest), teleport.updatePluginData(noRequest, {}, {})];
  for (const tried of await Promise.allSettled<unknown>(tries)) {
    if (tried.status === "fulfilled") continue;
    const { reason } = tried;
    if (!(reason instanceof TeleportError) || reason.code !== "permission_denied") continue;
    throw new TeleportError({ code: reason.code, problem: reason.message, mend: WHOLE_ROLE });
  }
}
