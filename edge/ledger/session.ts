/** What is known of the relay that is active, for as long as it is, whatever becomes of its link. */
import * as z from "zod/mini";
import { decisionsSchema } from "../../shared/decisions.ts";

/** The relay that is or was last active, and what it said of itself that outlives its link. */
export const sessionSchema = z.object({
  epoch: z.int(),
  instance: z.string(),
  /** Thumbprint of the relay's public key. */
  relayKey: z.string(),
  sinceMs: z.int(),
  /** Since when no relay has been there, as far as that was noted; null or undefined: one is. */
  leftMs: z.optional(z.nullable(z.int())),
  hello: z.object({
    release: z.string(),
    teleportVersion: z.string(),
    proxyAddress: z.nullable(z.string()),
    decisions: decisionsSchema,
    asksOnCall: z.boolean(),
    autoApproval: z.optional(z.object({ onCallLevels: z.int() })),
    certificateExpiresMs: z.nullable(z.int()),
  }),
});
export type Session = z.infer<typeof sessionSchema>;
