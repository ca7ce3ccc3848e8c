/** Which authentic deliveries could matter to a request, so that no other wakes a cluster's object. Pure. */
import { commandIn, isNearMiss } from "../shared/click.ts";
import { readWebhook } from "../shared/webhook-event.ts";

/**
 * Whether a delivery has to be kept. Event types that nothing depends on, notes that are neither a command nor meant as
 * one, and what cannot be read at all have no effect, whatever else is known.
 */
export function couldMatter(raw: Uint8Array): boolean {
  const event = readWebhook(raw);
  switch (event.kind) {
    case "unused":
    case "unreadable":
      return false;
    case "annotated":
      return commandIn(event.content) !== undefined || isNearMiss(event.content);
    case "resolved":
    case "workflow_started":
    case "field_values_updated":
      return true;
  }
}
