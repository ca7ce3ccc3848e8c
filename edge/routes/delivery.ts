/** Which authentic deliveries could matter to a request, so that no other wakes a cluster's object. Pure. */
import { commandIn, isNearMiss } from "../../shared/click.ts";
import { verdictSchema } from "../../shared/decisions.ts";
import type { WebhookReading } from "../../shared/webhook-event.ts";

/**
 * Whether a delivery has to be kept. Event types that nothing depends on, notes that are neither a command nor meant as
 * one, fields that were set to no verdict, and what cannot be read at all have no effect, whatever else is known.
 */
export function couldMatter(event: WebhookReading): boolean {
  switch (event.kind) {
    case "unused":
    case "unreadable":
      return false;
    case "annotated":
      return commandIn(event.content) !== undefined || isNearMiss(event.content);
    case "field_values_updated":
      return [...event.changed.values()].some((value) => verdictSchema.safeParse(value).success);
    case "resolved":
    case "workflow_started":
      return true;
  }
}
