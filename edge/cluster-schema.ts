/**
 * What an admin may write about a cluster: its table in `CLUSTERS` and its object in `CLUSTER_SECRETS`. Unknown keys are
 * faults. Cross-checks look at what is there even when a key beside them is wrong, so that all faults show at once.
 */
import * as z from "zod";
import { MIN_SECRET_CHARACTERS } from "../shared/signature.ts";

/** Days that a request is kept unless the configuration says otherwise, and the most that it may say. */
const DEFAULT_RETAIN_DAYS = 30;
const MAX_RETAIN_DAYS = 3650;

// 32 bytes in base64url without padding: the last character carries four bits, and its other two are zero.
const PUBLIC_KEY = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const EMAIL = /^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/;
const PAGERDUTY_ID = /^[A-Za-z0-9]{1,64}$/;
const SUBDOMAIN = /^[A-Za-z0-9-]{1,63}$/;
// What can stand in a header and what somebody would paste.
const PRINTABLE = /^[\x21-\x7e]*$/;

const text = z.string().max(255);

/** What stands under a cluster's name in `CLUSTERS`. */
export const clusterEntrySchema = z.strictObject({
  relay_public_keys: z
    .array(z.string().regex(PUBLIC_KEY, "must be an Ed25519 public key: 43 characters of base64url"))
    .min(1, "must hold one key or more"),
  service_id: z.string().regex(PAGERDUTY_ID, "must be the ID of a PagerDuty service, such as PIJ90N7"),
  user_email: text.regex(EMAIL, "must be an e-mail address"),
  region: z.enum(["us", "eu"]).default("us"),
  urgency: z.enum(["", "high", "low"]).default(""),
  priority: text.default(""),
  retain_days: z.int().min(1).max(MAX_RETAIN_DAYS).default(DEFAULT_RETAIN_DAYS),
  access: z
    .strictObject({ team: text, audience: text })
    .refine(({ team, audience }) => (team === "") === (audience === ""), "team and audience go together")
    .default({ team: "", audience: "" }),
});

/** A secret that PagerDuty issues and judges itself. */
const issuedSecret = z
  .string()
  .min(1, "must not be empty")
  .max(512)
  .regex(PRINTABLE, "must be printable ASCII without spaces");

/** A secret that somebody else has to show, so that guessing it must be hopeless. */
const secret = issuedSecret.min(MIN_SECRET_CHARACTERS, `must have ${MIN_SECRET_CHARACTERS} characters or more`);

type Present = Partial<Record<"api_key" | "oauth" | "webhook_secrets" | "gate_token", unknown>>;

const whatever = { when: ({ value }: { value: unknown }) => typeof value === "object" && value !== null };

/** What stands under a cluster's name in `CLUSTER_SECRETS`. */
export const clusterSecretsSchema = z
  .strictObject({
    api_key: issuedSecret.optional(),
    oauth: z
      .strictObject({
        client_id: issuedSecret,
        client_secret: issuedSecret,
        subdomain: z.string().regex(SUBDOMAIN, "must be the account's subdomain"),
      })
      .optional(),
    webhook_secrets: z.array(secret).min(1, "must hold one secret or more, or be left out").optional(),
    gate_token: secret.optional(),
    action_tokens: z
      .strictObject({ approve: secret, deny: secret })
      .refine(({ approve, deny }) => approve !== deny, "approve and deny must differ")
      .optional(),
    admin_token: secret.optional(),
  })
  .refine(({ api_key, oauth }: Present) => (api_key === undefined) !== (oauth === undefined), {
    ...whatever,
    error: "either api_key or oauth is required, and not both",
  })
  .refine(({ webhook_secrets, gate_token }: Present) => webhook_secrets !== undefined || gate_token !== undefined, {
    ...whatever,
    error: "webhook_secrets or gate_token is required",
  });
