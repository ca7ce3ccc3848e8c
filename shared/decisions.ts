/**
 * What counts as a decision: the relay's `[decisions]`, which it tells the edge in `hello`. Both halves read deliveries by
 * it, so that the edge has nothing of its own to say about what counts.
 */
import * as z from "zod/mini";
import { labelSchema } from "./values.ts";

/** What a person may want for a request. */
export const VERDICTS = ["approve", "deny"] as const;
export const verdictSchema = z.enum(VERDICTS);
export type Verdict = (typeof VERDICTS)[number];

/** The ways of deciding that an admin can switch on. */
export const channelSchema = z.enum(["note", "action", "workflow", "field"]);
export type Channel = z.infer<typeof channelSchema>;

export const decisionsSchema = z.object({
  channels: z.array(channelSchema).check(z.maxLength(channelSchema.options.length)),
  /** Ids of the two manual incident-workflow triggers; empty when the channel is off. */
  workflowTriggers: z.object({ approve: labelSchema, deny: labelSchema }),
  /** Name of the custom field with the options `approve` and `deny`. */
  field: labelSchema,
  /** What a bare resolve in PagerDuty means. */
  onResolve: z.enum(["nothing", "deny"]),
  /** Which approvals PagerDuty has to show again before they count; a relay that does not say means `action`. */
  confirm: z.optional(z.enum(["action", "all"])),
});

/** Whether a click of a signed delivery has to be read again from PagerDuty: a denial never has. */
export function needsConfirmation({ confirm }: Decisions, verdict: Verdict): boolean {
  return confirm === "all" && verdict === "approve";
}
export type Decisions = z.infer<typeof decisionsSchema>;
